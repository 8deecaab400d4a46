"""Upkeep of the warehouse file, and what of the folders beside it still belongs to it."""

import os
from datetime import datetime
from pathlib import Path

import duckdb

from schemas.errors import MigrationFailed
from warehouse.connection import Connection, open_warehouse, sync_folder
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


class _NotTheSame(Exception):
    """The copy lacks something, or something may still be added to it."""


def compact(path: Path, *, memory: str, finished_at: datetime) -> None:
    """Put a copy of all that is in the warehouse in its place: of what was removed no byte is left.

    DuckDB leaves the bytes of removed rows in the file until it needs the room. The copy says that
    retention is finished, so whoever finds it says so; killed before, the old file stands. The
    caller is alone with the warehouse, which nobody in this process has open.

    Raises:
        WarehouseBusy: another process has it open.
        MigrationFailed: there is no room for a copy, or it is not the same; nothing is changed.
    """
    aside = path.with_name(f".{path.name}.compact")
    try:
        _sweep(aside)
        with open_warehouse(path, memory=memory) as connection:
            connection.execute("CHECKPOINT")
            _copy_whole(connection, aside, finished_at)
        _refuse_log(path)
        descriptor = os.open(aside, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        aside.chmod(0o600)
        aside.replace(path)
        sync_folder(path.parent)
    except (duckdb.Error, OSError, _NotTheSame) as error:
        raise MigrationFailed(
            f"Compacting the warehouse {path.name}: it cannot be copied.",
            hint="Make room for a second copy beside it, then run again: nothing is lost, but what "
            "was removed may still be in the file.",
        ) from error
    finally:
        _sweep(aside)


def _copy_whole(connection: Connection, aside: Path, finished_at: datetime) -> None:
    quoted = str(aside).replace("'", "''")
    here = connection.execute("SELECT current_database()").fetchall()[0][0]
    connection.execute(f"ATTACH '{quoted}' AS compacted")
    try:
        connection.execute(f'COPY FROM DATABASE "{here}" TO compacted')
        if _shape(connection, here) != _shape(connection, "compacted"):
            raise _NotTheSame
        connection.execute(
            "UPDATE compacted.ops.retention SET finished_at = $now WHERE finished_at IS NULL",
            {"now": finished_at},
        )
        connection.execute("CHECKPOINT compacted")
    finally:
        connection.execute("DETACH compacted")


def _refuse_log(path: Path) -> None:
    """Refuse to go on where a log is left: it would be taken for the new file's."""
    if path.with_name(path.name + ".wal").exists():
        raise _NotTheSame


def _shape(connection: Connection, database: str) -> list[tuple[str, str, int]]:
    """Every table with its rows, every view with none."""
    names = connection.execute(
        "SELECT schema_name, table_name, FALSE FROM duckdb_tables() "
        "WHERE database_name = $database AND NOT temporary "
        "UNION ALL SELECT schema_name, view_name, TRUE FROM duckdb_views() "
        "WHERE database_name = $database AND NOT internal ORDER BY ALL",
        {"database": database},
    ).fetchall()
    return [
        (
            schema,
            name,
            0
            if is_view
            else connection.execute(
                f'SELECT count(*) FROM "{database}".{schema}."{name}"'
            ).fetchall()[0][0],
        )
        for schema, name, is_view in names
    ]


def _sweep(aside: Path) -> None:
    for leftover in (aside, aside.with_name(aside.name + ".wal")):
        leftover.unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """The bytes of the warehouse and its log."""
    return sum(
        each.stat().st_size for each in (path, path.with_name(path.name + ".wal")) if each.exists()
    )
