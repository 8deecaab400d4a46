"""How every command answers: one JSON object or lines for people, one-line errors, exit codes."""

import errno
import json
import os
import select
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.markup import escape

from flows.console.careful import CarefulConsole
from schemas.errors import R2BError

BUG = R2BError.exit_code
"""The exit code of what nobody raised on purpose."""

UNREAD = 128 + signal.SIGPIPE
"""The exit code where whoever read the answer stopped, as shells have it."""

UNUSABLE = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG),
        *(errno.EEXIST, errno.ENOTDIR, errno.EISDIR),
    }
)
"""What the system says of a place that may not be used, or where something else is."""

out = CarefulConsole(highlight=False, emoji=False, soft_wrap=True)
err = CarefulConsole(stderr=True, highlight=False, emoji=False, soft_wrap=True)

ProfileOption = Annotated[
    Path | None,
    typer.Option("--profile", "-p", help="The profile to use; r2b.toml here by default."),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on stdout, and nothing else.")
]


def day(text: str) -> date:
    """The day an option names.

    Raises:
        BadParameter: it names none.
    """
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  a day has no zone
    except ValueError:
        message = f"{text!r} is no day: write the day as YYYY-MM-DD"
        raise typer.BadParameter(message) from None


AsOfOption = Annotated[
    date | None,
    typer.Option(
        "--as-of",
        parser=day,
        metavar="DATE",
        help="The day to judge by; the tenant's today by default.",
    ),
]
ByOption = Annotated[str, typer.Option("--by", help="Who says so: your name, for the record.")]


def answer(content: Any, *, as_json: bool, show: Callable[[], None]) -> None:
    """Print `content` as JSON, or show it to a person."""
    if as_json:
        print(as_json_line(content))
    else:
        show()


def as_json_line(content: Any) -> str:
    """`content` as JSON in one line; half a character, which cannot be printed, as its escape."""
    text = json.dumps(content, ensure_ascii=False, default=_plain)
    return text.encode("utf-8", "backslashreplace").decode()


def fail(error: R2BError) -> int:
    """Say what went wrong in one line, or as a JSON object; returns the exit code."""
    if _is_for_machines():
        _print_error(error.exit_code, error, error.message, error.hint)
    else:
        err.print(f"[bold red]r2b:[/] {escape(str(error))}")
    return error.exit_code


def fall_silent(stream: TextIO) -> None:
    """Let what is still to be written go nowhere: it cannot be written where it was to go."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def is_unread() -> bool:
    """Whether whoever was to read the answer has gone, as `head` does once it has enough."""
    watch = select.poll()
    watch.register(sys.stdout.fileno(), select.POLLERR)
    return bool(watch.poll(0))


def tell_of_bug(error: Exception) -> None:
    """Tell a machine that it met a bug; its own words may name customers, so they are left out."""
    if _is_for_machines():
        _print_error(
            BUG, error, "This is a bug of r2b.", "Report it, with the traceback on stderr."
        )


def _is_for_machines() -> bool:
    return "--json" in sys.argv


def _print_error(code: int, error: Exception, message: str, hint: str) -> None:
    content = {"code": code, "name": type(error).__name__, "message": message, "hint": hint}
    try:
        print(as_json_line({"error": content}), flush=True)
    except OSError:
        # it may be the very thing that is wrong
        fall_silent(sys.stdout)
        err.print(f"[bold red]r2b:[/] {escape(f'{message} {hint}'.strip())}")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.4f}"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)
