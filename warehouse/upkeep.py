"""Upkeep of the warehouse file, and what of the folders beside it still belongs to it."""

from datetime import datetime
from pathlib import Path

import duckdb

from schemas.vocabulary import RunStatus
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

    def close_left_open(self, now: datetime) -> int:
        """Close the pages of runs that stopped without saying why; how many there were."""
        changed = self._connection.execute(
            "UPDATE ops.run SET status = $failed, finished_at = $now, "
            "message = 'It stopped without saying why; the next run repairs what it left.' "
            "WHERE status = $running",
            {"failed": RunStatus.FAILED.value, "running": RunStatus.RUNNING.value, "now": now},
        ).fetchall()
        return int(changed[0][0])

    def checkpoint(self) -> None:
        """Write what is in the log into the file, and give back what was freed."""
        self._connection.execute("CHECKPOINT")


def size_of(path: Path) -> int:
    """The bytes of the warehouse and its log."""
    return sum(
        each.stat().st_size for each in (path, path.with_name(path.name + ".wal")) if each.exists()
    )
