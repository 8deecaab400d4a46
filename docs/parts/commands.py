"""The commands from their own help, and the exit codes from the errors that carry them."""

import re
from collections.abc import Iterator
from typing import Any

import typer.main

from docs.parts.markdown import code, table
from flows.console.main import app
from schemas import errors
from schemas.errors import R2BError

_MARKUP = re.compile(r"\[bold\](.*?)\[/(?:bold)?\]")
_EVERYWHERE = {"--json", "--help"}
_VALUES = {
    "--as-of": "DATE",
    "--known-at": "DATE",
    "--against": "FILE",
    "--to": "FILE",
    "--profile": "PATH",
    "--results": "FILE",
    "--by": "NAME",
    "--tenant": "NAME",
}
"""What stands after an option; TEXT after all others."""


def leaves() -> Iterator[tuple[str, Any]]:
    """Every command that does something: its words, and the command."""
    yield from _leaves("r2b", typer.main.get_command(app))


def _leaves(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield words, command
        return
    for name, each in inner.items():
        yield from _leaves(f"{words} {name}", each)


def every_command() -> str:
    """One heading per command: what it does, its words, an example."""
    return "\n\n".join(_command(words, command) for words, command in leaves())


def _command(words: str, command: Any) -> str:
    parts = [f"### {words}", *_paragraphs(command.help)]
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [
        each
        for each in command.params
        if each.param_type_name == "option" and not _EVERYWHERE & set(each.opts)
    ]
    usage = [words, *(_argument(each) for each in arguments), *(["[OPTIONS]"] if options else [])]
    parts.insert(1, f"```text\n{' '.join(usage)}\n```")
    rows = [(code(_argument(each)), each.help or "", _default(each)) for each in arguments]
    rows += [(_option(each), each.help or "", _default(each)) for each in options]
    if rows:
        parts.append(table(("", "meaning", "default"), rows))
    return "\n\n".join(parts)


def _paragraphs(help_text: str) -> list[str]:
    """The help as Markdown: bold words are commands; examples stand apart."""
    paragraphs = [" ".join(each.split()) for each in help_text.split("\n\n")]
    examples = [each.removeprefix("Example: ") for each in paragraphs if _is_example(each)]
    words = [_MARKUP.sub(r"`\1`", each) for each in paragraphs if not _is_example(each)]
    shown = "\n".join(_MARKUP.sub(r"\1", each) for each in examples)
    return [*words, f"```sh\n{shown}\n```"] if shown else words


def _is_example(paragraph: str) -> bool:
    return paragraph.startswith("Example: ")


def _argument(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name.upper()).strip("[]{}")
    return name if parameter.required else f"[{name}]"


def _option(parameter: Any) -> str:
    value = "" if parameter.is_flag else f" {_value_name(parameter)}"
    return ", ".join(code(f"{each}{value}") for each in parameter.opts)


def _value_name(parameter: Any) -> str:
    if isinstance(parameter.default, int):
        return "NUMBER"
    return _VALUES.get(parameter.opts[0], "TEXT")


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    default = parameter.default
    if default is None or default == "" or default is False:
        return ""
    return code(default)


def exit_codes() -> str:
    """0, the bug, and every error that is raised on purpose."""
    found = {
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, R2BError) and each is not R2BError
    }
    rows: list[tuple[object, str, str, str]] = [
        (0, "", "Done. Rejects, holds and refused rows are answers, not failures.", ""),
        (1, "", "A bug: the only case with a traceback. Please report it.", ""),
    ]
    rows += [
        (
            each.exit_code,
            code(each.__name__),
            (each.__doc__ or "").strip().splitlines()[0],
            "yes" if each.retryable else "",
        )
        for each in sorted(found, key=lambda error: error.exit_code)
    ]
    return table(("code", "name", "meaning", "waiting can help"), rows)
