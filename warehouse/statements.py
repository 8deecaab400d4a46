"""SQL by file: one statement, one file, found by `<area>/<verb>`."""

from functools import cache
from importlib.resources import files

_FOLDER = files("warehouse") / "sql"


@cache
def statement(name: str) -> str:
    """The SQL text of `warehouse/sql/<name>.sql`."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


@cache
def views() -> dict[str, str]:
    """The statements that make the views of `mart`, by name, in name order."""
    found = (entry.name for entry in (_FOLDER / "mart").iterdir())
    names = sorted(name.removesuffix(".sql") for name in found if name.endswith(".sql"))
    return {name: statement(f"mart/{name}") for name in names}
