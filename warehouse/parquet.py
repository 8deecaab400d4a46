"""The published copy read back: each view of `mart` as a Parquet file, and what it is made of."""

import contextlib
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb

from schemas.errors import OutOfMemory, StaleStatus
from schemas.vocabulary import Act
from warehouse.connection import disk_trouble_told
from warehouse.published import digests_of
from warehouse.queries import first_row

_FORM = "FORMAT parquet, COMPRESSION zstd"
"""Half the bytes of the usual compression, for a tenth more of the time."""

_NAME_OF_A_TABLE = re.compile(r'^"?(\w+)"?\."?(\w+)"?')


class LastRun(NamedTuple):
    """What a copy says of itself: its last run, and the entry of the last retention, if any."""

    as_of: str
    run_id: str
    retention: int | None


@contextlib.contextmanager
def open_to_copy_out(copy: Path, into: Path, *, memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a published copy read-only; of all other files it reaches those of the folder `into`.

    What does not fit into `memory` goes to that folder as well.

    Raises:
        StaleStatus: it cannot be read.
        OutOfMemory: `memory` is not enough.
        DiskFailed: the disk is full, or fails.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": str(into / "spill"),
        "memory_limit": memory,
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "python_enable_replacements": "false",
    }
    with disk_trouble_told(copy):
        try:
            opened = duckdb.connect(str(copy), read_only=True, config=config)
        except duckdb.Error as error:
            raise StaleStatus(
                f"Reading the published copy {copy.name}: it cannot be read.",
                hint="The next run makes it anew.",
            ) from error
        with contextlib.closing(opened) as connection:
            quoted = str(into).replace("'", "''")
            connection.execute("SET enable_progress_bar = false")
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"SET allowed_directories = ['{quoted}']")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            try:
                yield connection
            except duckdb.OutOfMemoryException as error:
                raise OutOfMemory(
                    f"Reading the published copy {copy.name}: the memory it may use is not enough.",
                    hint="Raise warehouse.memory in the profile.",
                ) from error


def last_run(connection: duckdb.DuckDBPyConnection) -> LastRun:
    """The run that a copy is of; blank before the first one."""
    run = first_row(
        connection,
        "SELECT CAST(as_of AS VARCHAR), run_id FROM mart.run "
        "ORDER BY started_at DESC, run_id DESC LIMIT 1",
    )
    retention = first_row(
        connection,
        "SELECT max(number) FROM mart.audit WHERE act = $act",
        {"act": Act.RETENTION.value},
    )
    as_of, run_id = run or ("", "")
    return LastRun(as_of, run_id, retention[0] if retention else None)


def made_of(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """By view of `mart`: a digest of all that decides the bytes of its file.

    That is the rows of the tables it reads, whatever their order (how many, and the sum of their
    hashes), its columns, all views, the form of the file, and DuckDB's version.
    """
    views = connection.execute(
        "SELECT view_name, sql FROM duckdb_views() WHERE schema_name = 'mart' ORDER BY view_name"
    ).fetchall()
    columns = connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE schema_name = 'mart' ORDER BY table_name, column_index"
    ).fetchall()
    tables = {view: sorted(tables_of(connection, view)) for view, _ in views}
    digests = digests_of(
        connection,
        {each: f"FROM {each}" for each in {name for found in tables.values() for name in found}},
    )
    said = {
        view: repr(
            (
                *(duckdb.__version__, _FORM, views, view),
                [column for column in columns if column[0] == view],
                [(table, digests[table]) for table in tables[view]],
            )
        )
        for view, _ in views
    }
    return {view: hashlib.sha256(text.encode()).hexdigest() for view, text in said.items()}


def tables_of(connection: duckdb.DuckDBPyConnection, view: str) -> set[str]:
    """The tables that a view of `mart` reads, also by way of other views; DuckDB says which."""
    named = connection.get_table_names(f"SELECT * FROM mart.{view}", qualified=True)
    found = (_NAME_OF_A_TABLE.match(name) for name in named)
    return {f'"{table[1]}"."{table[2]}"' for table in found if table}


def write_view(connection: duckdb.DuckDBPyConnection, view: str, path: Path) -> int:
    """Write a view of `mart` (a name of ours) into the file `path`, sorted; returns how many rows.

    The same rows make the same bytes, however many threads write them and however little memory
    there is: row groups are cut by the order of the rows alone.
    """
    quoted = str(path).replace("'", "''")
    row = first_row(
        connection, f"COPY (SELECT * FROM mart.{view} ORDER BY ALL) TO '{quoted}' ({_FORM})"
    )
    return int(row[0]) if row else 0
