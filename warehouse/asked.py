"""Asking about some lines only: whatever they refer to is narrowed to them before it is joined.

A join keeps its right side in memory. Where all lines are asked about, that is all there is, of
every table at once; some of them at a time keep memory flat, however many there are.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import duckdb
import polars as pl

from warehouse.queries import batches_of, scalar
from warehouse.statements import statement

_LINES_AT_ONCE = 400_000
"""How many lines fit into 1 GiB with whatever they refer to, and a third of it to spare.

Measured with ids of 36 characters: 500,000 take 768 MiB, and a million does not fit.
"""

_BILLED_AT_ONCE = 250_000
"""As many, where lines are billed already: they refer to what Affinity was told as well.

Measured where all ten million are: 400,000 leave too little for what is written meanwhile.
"""

_NARROWED: Mapping[str, tuple[str, str]] = {
    "core.order_lines": ("line_id", "asked_line"),
    "core.quotation_lines": ("line_id", "asked_line"),
    "ops.billed": ("line_id", "asked_line"),
    "ops.charge_state": ("line_id", "asked_line"),
    "work.asset_of_line": ("line_id", "asked_line"),
    "work.reading": ("line_id", "asked_line"),
    "core.orders": ("order_id", "asked_line"),
    "core.assets": ("asset_id", "asked_asset"),
}
"""By table: the column that names what is asked about, and where that is listed."""

_NAMED = re.compile(rf"\b(FROM|JOIN) ({'|'.join(map(re.escape, _NARROWED))})\b")


class Asked(NamedTuple):
    """Which lines: a condition on `core.order_lines`, and what it compares with."""

    condition: str
    parameters: Mapping[str, object]


def asked_line(line_id: str) -> Asked:
    """One line."""
    return Asked("line_id = $line_id", {"line_id": line_id})


def asked_lines(
    connection: duckdb.DuckDBPyConnection, listed: str | None = None, *, lightly: bool = False
) -> Iterator[Asked | None]:
    """All lines, or those of the table `listed`, part by part; None stands for all there are.

    `lightly`: of what they refer to a few columns are asked, so that more fit into memory.
    """
    with contextlib.closing(connection.cursor()) as cursor:  # the connection may be writing
        is_billed = scalar(cursor, "SELECT count(*) FROM (FROM ops.billed LIMIT 1)")
        at_once = (_BILLED_AT_ONCE if is_billed else _LINES_AT_ONCE) * (4 if lightly else 1)
        rows = scalar(cursor, f"SELECT max(rowid) + 1 FROM {listed or 'core.order_lines'}")
    if listed is None and rows <= at_once:
        yield None
        return
    within = "rowid BETWEEN $first AND $last"
    if listed is not None:
        within = f"line_id IN (SELECT line_id FROM {listed} WHERE {within})"
    parts = -(-rows // at_once)
    for part in range(parts):
        first, beyond = (rows * each // parts for each in (part, part + 1))
        yield Asked(within, {"first": first, "last": beyond - 1})


def read_asked(
    connection: duckdb.DuckDBPyConnection, sql: str, asked: Asked | None
) -> Iterator[pl.DataFrame]:
    """What a query that joins lines with whatever they refer to says of those asked about.

    In batches, as `read_batches` has them.
    """
    with contextlib.closing(connection.cursor()) as cursor:
        if asked is not None:
            _narrow(cursor, asked, {table for _, table in _NAMED.findall(sql)})
            sql = _NAMED.sub(lambda named: f"{named[1]} {_narrowed(named[2])}", sql)
        yield from batches_of(cursor, sql)


def _narrow(cursor: duckdb.DuckDBPyConnection, asked: Asked, tables: Iterable[str]) -> None:
    """Keep what `tables` have of those asked about, in tables that go with the cursor.

    One after the other: narrowed within the joins, all would have to fit into memory at once.
    """
    lines = statement("judge/ask_about_lines").replace("/* which */", asked.condition)
    cursor.execute(lines, dict(asked.parameters))
    cursor.execute(statement("judge/ask_about_assets"))
    for table in sorted(tables):
        column, listed = _NARROWED[table]
        cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE {_narrowed(table)} AS "
            f"FROM {table} WHERE {column} IN (SELECT {column} FROM {listed})"
        )


def _narrowed(table: str) -> str:
    return f"narrowed_{table.replace('.', '_')}"
