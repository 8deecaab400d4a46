"""What the books say of themselves, asked without changing anything: ledger, batches, standings."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

from schemas.audit import AuditHead
from schemas.errors import R2BError, StaleStatus
from warehouse.audit import AuditStore
from warehouse.connection import is_damage, open_published
from warehouse.ledger import digests
from warehouse.queries import first_row, read, registered, scalar
from warehouse.statements import statement


class Committed(NamedTuple):
    """One decision about a batch that the ledger holds: `transfer` or `abandon`."""

    what: str
    actor: str
    at: datetime


class Witness(NamedTuple):
    """What a published copy remembers: its last batch, and how many decisions about each."""

    last_seq: int
    decisions: dict[int, int]


class Books:
    """Questions about ledger, batches and what follows from them; all of them only read."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Ask an open warehouse, or a published copy where it says so."""
        self._connection = connection

    def damaged_tables(self) -> list[str]:
        """Tables that cannot be read to their end, by name, after reading every one of them."""
        names = self._connection.execute(
            "SELECT concat(schema_name, '.', table_name) FROM duckdb_tables() "
            "WHERE database_name = current_database() ORDER BY 1"
        ).fetchall()
        return [name for (name,) in names if not self._is_whole(name)]

    def _is_whole(self, table: str) -> bool:
        try:
            self._connection.execute(f"SELECT bit_xor(hash(t)) FROM {table} AS t").fetchall()
        except duckdb.Error as error:
            if is_damage(error):
                return False
            raise
        return True

    def table_count(self) -> int:
        """How many tables there are."""
        return scalar(
            self._connection,
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database()",
        )

    def migration(self) -> int:
        """The number of the last migration."""
        return scalar(self._connection, "SELECT max(number) FROM main.migration")

    def heads_of_trail(self) -> list[AuditHead]:
        """Every entry of the audit trail that was followed, oldest first."""
        return AuditStore(self._connection).heads()

    def commits(self) -> pl.DataFrame:
        """Every commit of the ledger beside what its hash comes to now, in order."""
        found = [(number, digest.sha256) for number, digest in digests(self._connection).items()]
        rows = pl.DataFrame(found, {"commit_no": pl.Int64, "sha256": pl.String}, orient="row")
        with registered(self._connection, "digests", rows):
            return read(self._connection, statement("verify/recompute_ledger"))

    def decisions(self) -> dict[int, list[Committed]]:
        """The decisions (transfers, abandonments) committed about each batch, oldest first."""
        rows = self._connection.execute(
            "SELECT batch_seq, what, actor, committed_at FROM ops.ledger_commit "
            "WHERE what IN ('transfer', 'abandon') ORDER BY commit_no"
        ).fetchall()
        found: dict[int, list[Committed]] = {}
        for seq, *decision in rows:
            found.setdefault(seq, []).append(Committed(*decision))
        return found

    def batches(self) -> pl.DataFrame:
        """Every batch with its state, rows, outcomes and commits, by number."""
        return read(self._connection, statement("verify/read_batches"))

    def rows_of_files(self) -> dict[tuple[int, str], int]:
        """How many rows each file of each batch has frozen: (seq, file) -> rows."""
        rows = self._connection.execute(statement("verify/count_rows_of_files")).fetchall()
        return {(seq, file): count for seq, file, count in rows}

    def moves(self) -> pl.DataFrame:
        """The kinds of moves the ledger holds, and how many of each."""
        return read(self._connection, statement("verify/count_moves"))

    def misplaced_charges(self) -> pl.DataFrame:
        """Charges that do not stand where a fold of the ledger puts them."""
        return read(self._connection, statement("verify/fold_ledger"))

    def standings(self) -> pl.DataFrame:
        """How charges and CLIs stand beside the outcomes of their rows, and how many do so."""
        return read(self._connection, statement("verify/count_standings"))

    def keys_sent_twice(self) -> pl.DataFrame:
        """`row_key` and `batches` of every fact that was handed over more than once."""
        return read(self._connection, statement("verify/find_keys_sent_twice"))

    def sums(self) -> pl.DataFrame:
        """Counts and sums of what people see: `mart`, `part`, `rows`, `said`; of a copy as well."""
        return read(self._connection, statement("verify/sum_marts"))


def sums_of_copy(published: Path) -> pl.DataFrame | None:
    """`Books.sums` of the published copy, opened as analysts should; None: it cannot be read."""
    try:
        with open_published(published) as connection:
            return Books(connection).sums()
    except (duckdb.Error, StaleStatus):
        return None


def witness(published: Path) -> Witness | None:
    """What the published copy remembers of batches and decisions; None: there is none to ask."""
    if not published.is_file():
        return None
    try:
        with open_published(published) as connection:
            last = first_row(connection, "SELECT max(seq) FROM out.batch")
            decisions = Books(connection).decisions()
    except (duckdb.Error, R2BError):
        # a copy that cannot be read says nothing; the run makes a new one
        return None
    return Witness(last[0] or 0 if last else 0, {seq: len(each) for seq, each in decisions.items()})
