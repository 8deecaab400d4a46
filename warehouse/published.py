"""The copy analysts open: made beside, renamed into place, never half-written, never blocking."""

import contextlib
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

from warehouse.connection import file_sha256, sync_folder, transaction
from warehouse.queries import first_row, has_table, read, read_batches
from warehouse.statements import views

_COPIED = {
    "core.customers": "SELECT customer_id, name FROM core.customers",
    "core.products": "SELECT product_id, name FROM core.products",
    "out.charge": (
        "SELECT * EXCLUDE (customer_ref, site_ref, cli_type, bill_end_on, term_months, order_ref, "
        "po_ref, asset_id) FROM out.charge"
    ),
    "out.first_ready": "FROM out.first_ready",
    "out.hold": "FROM out.hold",
    "out.hold_since": "FROM out.hold_since",
    "out.issue": "FROM out.issue",
    "out.issue_since": "FROM out.issue_since",
    "out.cli_capture": "FROM out.cli_capture",
    "out.price_book": "FROM out.price_book",
    "out.do_not_bill": "FROM out.do_not_bill",
    "out.cease_request": "FROM out.cease_request",
    "out.reconciliation": "FROM out.reconciliation",
    "out.reconciled_layer": "FROM out.reconciled_layer",
    "out.reconciled_affinity": "FROM out.reconciled_affinity",
    "out.restated": "FROM out.restated",
    "out.money_clock": "FROM out.money_clock",
    "out.repair": "FROM out.repair",
    "out.batch": "FROM out.batch",
    "out.delivery_file": "FROM out.delivery_file",
    "out.batch_row": (
        "SELECT seq, file, row_key, action, subject, line_id, charge_type FROM out.batch_row"
    ),
    "out.batch_product": "SELECT seq, row_key, quantity, unit_price FROM out.batch_product",
    "out.batch_outcome": "FROM out.batch_outcome",
    # what changed of people and places stays at home
    "out.change": (
        "SELECT * REPLACE (CASE subject WHEN 'charge' THEN told END AS told, "
        "CASE subject WHEN 'charge' THEN now END AS now) FROM out.change"
    ),
    "out.change_hold": "FROM out.change_hold",
    "ops.entity_state": "SELECT file, layer_id, ref, taken, is_baseline FROM ops.entity_state",
    "ops.feed_read": (
        "SELECT run_id, feed FROM ops.feed_read WHERE starts_with(feed, 'affinity_')"
    ),
    "ops.billed": (
        "SELECT * EXCLUDE (customer_ref, product_name, order_ref, po_ref, refused_content, "
        "content) FROM ops.billed"
    ),
    "ops.reject": "FROM ops.reject",
    "ops.run": "FROM ops.run",
    "ops.warning": "FROM ops.warning",
    "ops.ledger": "FROM ops.ledger",
    "ops.ledger_commit": "FROM ops.ledger_commit",
    "ops.audit": "FROM ops.audit",
    "ops.group_member": "FROM ops.group_member",
    "ops.retry_item": "FROM ops.retry_item",
    "ops.retry_event": "FROM ops.retry_event",
}
"""What the views of `mart` need, and nothing else: the raw and core records stay at home."""


_BLANK = "CAST(NULL AS VARCHAR)"

PERSONAL: Mapping[str, Mapping[str, str]] = {
    "core.customers": {"name": _BLANK},
    "out.charge": {"cli": _BLANK},
    "ops.billed": {"cli": _BLANK},
    "out.cli_capture": dict.fromkeys(("quotation_cli", "order_cli", "asset_cli"), _BLANK),
    "out.reconciled_layer": {"cli": _BLANK},
    "out.reconciled_affinity": {"cli": _BLANK},
    "out.repair": {
        "subject": "CASE WHEN starts_with(subject, 'cli:') THEN 'cli:' ELSE subject END"
    },
    "out.change": {
        side: f"CASE WHEN field IN ('cli', 'order_ref', 'po_ref') THEN NULL ELSE {side} END"
        for side in ("told", "now")
    },
    # what was typed, and what Affinity says of it, may quote anything
    "out.do_not_bill": {"reason": _BLANK},
    "out.issue": {"text": _BLANK},
    "out.batch_outcome": {"message": _BLANK},
    "ops.retry_item": {"message": _BLANK},
    # the key of a further number is the number
    "ops.reject": {
        "raw_value": _BLANK,
        "record_key": "CASE WHEN feed = 'asset_numbers' THEN NULL ELSE record_key END",
    },
}
"""What of the copy says who somebody is, and what stands there where nobody is to be named."""


class Publishing(NamedTuple):
    """Where the published copy goes, who may read it, and whether it names customers."""

    target: Path
    for_group: bool = False
    personal: bool = True


def publish(
    connection: duckdb.DuckDBPyConnection, terms: Publishing, *, anew: bool = False
) -> None:
    """Replace the published copy with what the warehouse says now.

    Whoever has the old copy open goes on reading it; whoever opens next sees the new one. A table
    whose rows are as they were published is not written again. `anew`: all of it is, and nothing
    of the old copy is left in the new file.
    """
    target = terms.target
    make_folder(target.parent, for_group=terms.for_group)
    aside = target.with_name(f".{target.name}.part")
    for leftover in (aside, aside.with_name(aside.name + ".wal")):
        leftover.unlink(missing_ok=True)
    tables = _tables(terms)
    made_by = _made_by(connection, tables)
    known = None if anew else _published(connection, target, made_by)
    if known is not None:
        shutil.copyfile(target, aside)
    digests = _fill(connection, aside, tables, known.digests if known else None)
    descriptor = os.open(aside, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    aside.chmod(0o440 if terms.for_group else 0o400)
    aside.replace(target)
    sync_folder(target.parent)
    size = known.size_anew if known else target.stat().st_size
    _note_published(connection, target, made_by, _Published(digests, size))


def _tables(terms: Publishing) -> dict[str, str]:
    """The tables of the copy, each with the query that fills it."""
    tables = dict(_COPIED)
    if not terms.personal:
        for name, instead in PERSONAL.items():
            put = ", ".join(f"{what} AS {column}" for column, what in instead.items())
            tables[name] = f"SELECT * REPLACE ({put}) FROM ({tables[name]})"
    return tables


def _made_by(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> str:
    """Digest of whatever decides what a copy is like, but for the rows of the warehouse."""
    columns = connection.execute(
        "SELECT schema_name, table_name, column_index, column_name, data_type "
        "FROM duckdb_columns() WHERE database_name = current_database() "
        "AND concat(schema_name, '.', table_name) IN (SELECT unnest($tables)) ORDER BY ALL",
        {"tables": list(tables)},
    ).fetchall()
    said = repr((duckdb.__version__, columns, tables, views()))
    return hashlib.sha256(said.encode()).hexdigest()


Digest = tuple[int, int | None]
"""How many rows, and the sum of their hashes: the same rows in any order have the same."""


class _Published(NamedTuple):
    """What is in the published copy, and how big it was when it was last made anew."""

    digests: Mapping[str, Digest]
    size_anew: int


_TOO_BIG = 2
"""What was taken out of a copy leaves gaps in it: grown so much, it is made anew."""


def _published(
    connection: duckdb.DuckDBPyConnection, target: Path, made_by: str
) -> _Published | None:
    """What was published last; none where it has to be made anew: the file is another, or grown."""
    if not has_table(connection, "work", "published_file"):
        return None
    noted_by, sha256, size_anew = first_row(connection, "FROM work.published_file") or (None,) * 3
    try:
        is_other = noted_by != made_by or sha256 != file_sha256(target)
        if is_other or target.stat().st_size > _TOO_BIG * size_anew:
            return None
    except OSError:  # gone, or not ours to read: nothing is lost by making it anew
        return None
    rows = connection.execute("FROM work.published_table").fetchall()
    return _Published({name: (records, digest) for name, records, digest in rows}, size_anew)


def _note_published(
    connection: duckdb.DuckDBPyConnection, target: Path, made_by: str, published: _Published
) -> None:
    with transaction(connection):
        connection.execute(
            "CREATE OR REPLACE TABLE work.published_file "
            "(made_by VARCHAR, sha256 VARCHAR, size_anew BIGINT)"
        )
        connection.execute(
            "INSERT INTO work.published_file VALUES (?, ?, ?)",
            [made_by, file_sha256(target), published.size_anew],
        )
        connection.execute(
            "CREATE OR REPLACE TABLE work.published_table "
            "(name VARCHAR, records BIGINT, digest HUGEINT)"
        )
        connection.executemany(
            "INSERT INTO work.published_table VALUES (?, ?, ?)",
            [(name, *digest) for name, digest in published.digests.items()],
        )


def make_folder(folder: Path, *, for_group: bool) -> None:
    """Make a folder of what analysts read: for its owner, or for its group to look into as well."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if for_group:
        # where it is somebody else's, who may enter is for them to say
        with contextlib.suppress(PermissionError):
            folder.chmod(stat.S_IMODE(folder.stat().st_mode) | 0o050)


def rows_of(connection: duckdb.DuckDBPyConnection, view: str) -> Iterator[pl.DataFrame]:
    """The rows of a view of `mart` (a name of ours) in batches, sorted; first one without any."""
    yield read(connection, f"SELECT * FROM mart.{view} LIMIT 0")
    yield from read_batches(connection, f"SELECT * FROM mart.{view} ORDER BY ALL")


def _fill(
    connection: duckdb.DuckDBPyConnection,
    aside: Path,
    tables: Mapping[str, str],
    known: Mapping[str, Digest] | None,
) -> dict[str, Digest]:
    """Make the copy, or bring the one that is there up to date; `known`: what that one holds."""
    quoted = str(aside).replace("'", "''")
    # the oldest form that shells and drivers of analysts still read: by default DuckDB 2 writes its
    # own, which none of DuckDB 1 opens
    connection.execute(f"ATTACH '{quoted}' AS published (STORAGE_VERSION 'v1.2.0')")
    try:
        with contextlib.closing(connection.cursor()) as cursor, transaction(cursor):
            digests = digests_of(cursor, tables)
            if known is None:
                _make(cursor, tables)
            else:
                for name in tables:
                    if known[name] != digests[name]:
                        _bring_up_to_date(cursor, f"published.{name}", tables[name], digests[name])
        connection.execute("CHECKPOINT published")
    finally:
        connection.execute("DETACH published")
    return digests


def _make(cursor: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> None:
    for schema in sorted({name.partition(".")[0] for name in tables} | {"mart"}):
        cursor.execute(f"CREATE SCHEMA published.{schema}")
    for name, query in tables.items():
        cursor.execute(f"CREATE TABLE published.{name} AS {query}")
    cursor.execute("USE published")  # of this cursor only: the views are the copy's own
    for view in views().values():
        cursor.execute(view)


def _bring_up_to_date(
    connection: duckdb.DuckDBPyConnection, table: str, query: str, digest: Digest
) -> None:
    """Take out the rows that are no more and put in those that are new, told by their hashes."""
    connection.execute(
        f"DELETE FROM {table} AS old "
        f"WHERE hash(old) NOT IN (SELECT hash(new) FROM ({query}) AS new)"
    )
    connection.execute(
        f"INSERT INTO {table} SELECT * FROM ({query}) AS new "
        f"WHERE hash(new) NOT IN (SELECT hash(old) FROM {table} AS old)"
    )
    if digest != digests_of(connection, {table: f"FROM {table}"})[table]:
        # two rows alike: how many of them there are does not show in their hashes
        connection.execute(f"CREATE OR REPLACE TABLE {table} AS {query}")


def digests_of(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, str]
) -> dict[str, Digest]:
    """One statement for all of them: of small tables, asking takes longer than the answer.

    Hashed twice: the hash of a row mixes its last column in by XOR only, so that two rows which
    swap theirs might leave the sum as it was.
    """
    said = [
        f"SELECT $tables[{number}] AS name, count(*) AS records, "
        f"sum(hash(hash(seen))::HUGEINT) AS digest FROM ({query}) AS seen"
        for number, query in enumerate(tables.values(), start=1)
    ]
    rows = connection.execute(" UNION ALL ".join(said), {"tables": list(tables)}).fetchall()
    return {name: (records, digest) for name, records, digest in rows}
