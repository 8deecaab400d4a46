"""Tables and code as Markdown writes them."""

from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; cells are Markdown already."""
    lines = [_line(columns), _line(["---"] * len(columns))]
    lines += [_line([cell(each) for each in row]) for row in rows]
    return "\n".join(lines)


def cell(value: object) -> str:
    """What fits between two bars."""
    return str(value).replace("|", r"\|").replace("\n", " ").strip()


def code(text: object) -> str:
    """Text as code, a bar inside it included."""
    return f"`{text}`"


def listed(words: Iterable[str], last: str = "or") -> str:
    """a, b or c."""
    found = list(words)
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} {last} {found[-1]}"


def _line(cells: Sequence[object]) -> str:
    return f"|{'|'.join(f' {each} ' if each != '' else ' ' for each in cells)}|"
