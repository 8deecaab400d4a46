"""What Affinity's snapshots show of the rows we handed over."""

from datetime import date

import duckdb
import polars as pl

from warehouse.queries import read, scalar
from warehouse.statements import statement


class SnapshotStore:
    """Rows of ours beside what Affinity says it has."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse; the caller owns the transactions."""
        self._connection = connection

    def products(self) -> pl.DataFrame:
        """`seq`, `row_key` of product rows that are there, but not In Billing by our ledger."""
        return read(self._connection, statement("read_back/find_products"))

    def unanswered_clis(self) -> pl.DataFrame:
        """`seq`, `row_key`, `site_ref`, `cli`, `start_on` of CLI rows without an answer."""
        return read(self._connection, statement("read_back/read_unanswered_clis"))

    def live_clis(self) -> pl.DataFrame:
        """`site_ref`, `cli` as Affinity writes it, `end_on` (null = open), at those rows' sites."""
        return read(self._connection, statement("read_back/read_live_clis"))

    def unanswered_for(self, days: int, *, as_of: date) -> int:
        """How many rows were exported more than `days` before `as_of` and have no answer."""
        return scalar(
            self._connection,
            "SELECT count(*) FROM mart.unconfirmed_row "
            "WHERE CAST($as_of AS DATE) - exported_on > $days",
            {"as_of": as_of, "days": days},
        )
