"""Asking DuckDB and handing it frames: what every store needs, whatever its tables."""

import contextlib
from collections.abc import Iterator
from typing import Any

import duckdb
import polars as pl

_ROWS_PER_BATCH = 60_000
"""Two charges a line stay below one row group of DuckDB (122,880 rows). Of more than that its
threads leave row groups half full, which the next checkpoint merges: measured, 3.5 s instead of
0.9 s of CPU for 2 million charges, and a file 14 % larger.
"""


def read(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, object] | None = None
) -> pl.DataFrame:
    """The whole answer of a query as one frame."""
    frame: pl.DataFrame = connection.sql(sql, params=parameters).pl()
    return frame


def read_batches(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, object] | None = None
) -> Iterator[pl.DataFrame]:
    """The answer of a query in frames of about 60,000 rows; memory stays flat.

    It runs on a cursor of its own, so that the caller may write while it reads, and so does not see
    what the caller's open transaction has done.
    """
    with contextlib.closing(connection.cursor()) as cursor:
        yield from batches_of(cursor, sql, parameters)


def batches_of(
    cursor: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, object] | None = None
) -> Iterator[pl.DataFrame]:
    """As `read_batches`, on a cursor of the caller's, who leaves it alone until all is read."""
    for batch in cursor.sql(sql, params=parameters).to_arrow_reader(_ROWS_PER_BATCH):
        frame = pl.from_arrow(batch)
        if isinstance(frame, pl.DataFrame) and frame.height:
            yield frame


@contextlib.contextmanager
def registered(
    connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame
) -> Iterator[None]:
    """Let statements call `frame` by `name`, a word of ours, for as long as the block lasts."""
    rows = _Rows(frame)
    connection.register(name, rows)
    try:
        yield
    except duckdb.Error:
        # where a statement failed, its transaction takes no other: what failed is to be told
        with contextlib.suppress(duckdb.TransactionException):
            connection.unregister(name)
        raise
    except BaseException:
        connection.unregister(name)
        raise
    finally:
        rows.let_go()
    connection.unregister(name)


class _Rows:
    """Stands for a frame where DuckDB registers it, and lets go of it before DuckDB does.

    While a transaction is open DuckDB keeps what was registered, even once it is not any more: a
    first run over a million lines held 1.7 GB of batches that it had stored long ago.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)

    def let_go(self) -> None:
        self._frame = self._frame.clear()


def append(connection: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
    """Append `rows` to `table` (a name of ours, never of data) by column name."""
    if rows.is_empty():
        return
    columns = ", ".join(f'"{name}"' for name in rows.columns)
    with registered(connection, "appended_rows", rows):
        connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM appended_rows")


def scalar(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, object] | None = None
) -> int:
    """The one number a query answers; 0 when it answers nothing."""
    row = first_row(connection, sql, parameters)
    return int(row[0]) if row and row[0] is not None else 0


def has_table(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    """Whether there is such a table or view: those of `work` come and go, old copies lack some."""
    return bool(
        scalar(
            connection,
            "SELECT count(*) FROM information_schema.tables "
            "WHERE table_catalog = current_database() "
            "AND table_schema = $schema AND table_name = $name",
            {"schema": schema, "name": name},
        )
    )


def first_row(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, Any] | None = None
) -> tuple[Any, ...] | None:
    """The first row a query answers, if any; the answer is read to its end.

    DuckDB refuses further work on a connection whose last answer was only partly fetched.
    """
    rows = connection.execute(sql, parameters).fetchall()
    return rows[0] if rows else None
