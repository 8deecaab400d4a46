"""Batches that take back what another handed over. Table: `out.batch_cease`."""

from decimal import Decimal
from typing import NamedTuple

import duckdb
import polars as pl

from schemas.vocabulary import CeaseKind
from warehouse.queries import first_row, read, registered, scalar
from warehouse.statements import statement


class Changed(NamedTuple):
    """Charges of a batch that no undo of it takes back.

    `since`: it put them In Billing, and they were ceased and added anew by a later one; `only`: it
    changed them, an earlier one put them In Billing.
    """

    since: int
    only: int


class UndoStore:
    """What a batch still bills, and freezing its inverse."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse; the caller owns the transaction."""
        self._connection = connection

    def standing(self, seq: int) -> pl.DataFrame:
        """The charges of batch `seq` that are In Billing because of it: STANDING."""
        return read(self._connection, statement("undo/read_standing"), {"seq": seq})

    def changed(self, seq: int) -> Changed:
        """What batch `seq` and the changes since have to do with each other."""
        since, only = first_row(
            self._connection, statement("undo/count_changed_since"), {"seq": seq}
        ) or (0, 0)
        return Changed(since, only)

    def added_clis(self, seq: int) -> pl.DataFrame:
        """The CLIs batch `seq` added that are live by our ledger, as they were added."""
        return read(self._connection, statement("undo/read_added_clis"), {"seq": seq})

    def users(self) -> pl.DataFrame:
        """`row_key`, `site_ref`, `cli`, `asset_id` of all that is exported or In Billing."""
        return read(self._connection, statement("undo/read_users"))

    def unanswered(self, seq: int) -> int | None:
        """The batch that undoes `seq` and has rows without an outcome, if any."""
        row = first_row(
            self._connection,
            "SELECT batch.seq FROM out.batch AS batch WHERE batch.undoes = $seq "
            "AND batch.state <> 'abandoned' AND batch.row_count > "
            "(SELECT count(*) FROM out.batch_outcome AS outcome WHERE outcome.seq = batch.seq) "
            "ORDER BY batch.seq DESC LIMIT 1",
            {"seq": seq},
        )
        return int(row[0]) if row else None

    def freeze(self, cease_rows: pl.DataFrame, *, seq: int, tenant: str) -> None:
        """Freeze `cease_rows` as rows of batch `seq`; the CLIs of its CLI rows are ending."""
        with registered(self._connection, "cease_rows", cease_rows):
            self._connection.execute(
                statement("undo/freeze_ceases"), {"seq": seq, "tenant": tenant}
            )
        self._connection.execute(statement("undo/freeze_members"), {"seq": seq})
        self._connection.execute(statement("undo/end_clis"), {"seq": seq})

    def taken_back(self, seq: int) -> pl.DataFrame:
        """`line_id` and `charge_type` of the charges that the frozen undo `seq` takes back."""
        return read(
            self._connection,
            "SELECT line_id, charge_type FROM out.batch_end WHERE seq = $seq AND kind = 'undo'",
            {"seq": seq},
        )

    def joined(self, seq: int) -> int:
        """How many charges batch `seq` put In Billing in the rows of groups made before."""
        return scalar(self._connection, statement("groups/count_joined"), {"seq": seq})

    def ceases(self, seq: int) -> pl.DataFrame:
        """Its cease rows: `row_key`, charge key, `cease_on`, `cease_reason`, `kind`, `value`."""
        return read(
            self._connection,
            "SELECT cease.row_key, cease.line_id, cease.charge_type, cease.cease_on, "
            "cease.cease_reason, cease.kind, "
            "CASE WHEN cease.group_key IS NULL THEN coalesce("
            "CAST(product.quantity AS DECIMAL(38, 0)) * product.unit_price, cease.value) "
            "ELSE cease.value END "
            "AS value "
            "FROM out.batch_cease AS cease INNER JOIN out.batch AS batch ON cease.seq = batch.seq "
            "LEFT JOIN out.batch_product AS product "
            "ON cease.undoes_key = product.row_key AND batch.undoes = product.seq "
            "WHERE cease.seq = $seq",
            {"seq": seq},
        )

    def accepted_value(self, seq: int) -> Decimal:
        """What the accepted cease rows of a batch took back."""
        ceases = self.ceases(seq)
        if ceases.is_empty():
            return Decimal(0)
        ceases = ceases.filter(pl.col("kind") == CeaseKind.UNDO)
        accepted = read(
            self._connection,
            "SELECT row_key FROM out.batch_outcome WHERE seq = $seq AND outcome = 'accepted'",
            {"seq": seq},
        )
        return Decimal(ceases.join(accepted, on="row_key")["value"].sum())
