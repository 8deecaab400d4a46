"""Upkeep of the warehouse file, and what of the folders beside it still belongs to it."""

from pathlib import Path

import duckdb

from warehouse.queries import read


class UpkeepStore:
    """Looks after an open warehouse; nothing it does changes what anything means."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse, outside any transaction."""
        self._connection = connection

    def landed_in_use(self, names: set[str]) -> set[str]:
        """Which of the landed files `names` the views of `raw` read."""
        views = read(self._connection, "SELECT sql FROM duckdb_views() WHERE schema_name = 'raw'")[
            "sql"
        ]
        shown = "\n".join(views)
        return {name for name in names if name in shown}

    def checkpoint(self) -> None:
        """Write what is in the log into the file, and give back what was freed."""
        self._connection.execute("CHECKPOINT")


def size_of(path: Path) -> int:
    """The bytes of the warehouse and its log."""
    return sum(
        each.stat().st_size for each in (path, path.with_name(path.name + ".wal")) if each.exists()
    )
