"""`r2b verify`: one line for each check, and all that it found wrong."""

from typing import Any

from rich.text import Text

from flows.console.answering import out
from flows.console.tables import table
from tasks.verify.findings import BookCheck

_MOST_LINES = 8


def verification_json(checks: list[BookCheck]) -> dict[str, Any]:
    """What machines read: whether all is well, and every check with everything it found wrong."""
    return {
        "ok": not any(each.wrong for each in checks),
        "checks": [
            {
                "name": each.name,
                "looked_at": each.looked_at,
                "count": each.count,
                "ok": each.is_ok,
                "wrong": list(each.wrong),
                "unchecked": each.unchecked or None,
                "advice": each.advice or None,
            }
            for each in checks
        ],
    }


def exit_code(checks: list[BookCheck]) -> int:
    """That of the first check that found something wrong; 0 where none did."""
    return next((each.exit_code for each in checks if each.exit_code), 0)


def show_verification(checks: list[BookCheck]) -> None:
    """The checks as a table, and the upshot."""
    columns = ["", "check", "what was looked at", "how many", "found"]
    rows: list[list[str | Text]] = [
        [_mark(each), each.name, each.looked_at, f"{each.count:,}", _found(each)] for each in checks
    ]
    if any(each.advice for each in checks):
        columns.append("what to do")
        rows = [[*row, each.advice] for row, each in zip(rows, checks, strict=True)]
    out.print(table("", columns, rows, right=(3,)))
    wrong = [each.name for each in checks if each.wrong]
    if wrong:
        out.print(f"[bold red]Not as it should be: {', '.join(wrong)}.[/]")
    elif any(each.unchecked for each in checks):
        out.print("Nothing has run here yet: there are no books to verify.")
    else:
        out.print("[bold green]The books are whole.[/]")


def _mark(check: BookCheck) -> Text:
    if check.wrong:
        return Text("no", style="bold red")
    return Text("?", style="yellow") if check.unchecked else Text("ok", style="green")


def _found(check: BookCheck) -> str:
    if not check.wrong:
        return check.unchecked or "as it should be"
    more = len(check.wrong) - _MOST_LINES
    lines = [
        *check.wrong[:_MOST_LINES],
        *([f"and {more} more: --json has all"] if more > 0 else []),
    ]
    return "\n".join(lines)
