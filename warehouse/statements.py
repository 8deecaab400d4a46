"""SQL by file: one statement, one file, found by `<area>/<verb>`."""

from functools import cache
from importlib.resources import files

_FOLDER = files("warehouse") / "sql"


@cache
def statement(name: str) -> str:
    """The SQL text of `warehouse/sql/<name>.sql`."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def views() -> list[str]:
    """The statements that make the views of `mart`, in name order."""
    mart = _FOLDER / "mart"
    names = sorted(entry.name for entry in mart.iterdir() if entry.name.endswith(".sql"))
    return [(mart / name).read_text(encoding="utf-8") for name in names]
