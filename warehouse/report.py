"""What the report shows, read from the published copy: the very rows analysts see."""

from decimal import Decimal

import duckdb
import polars as pl

from schemas.receipts import WaitingBatch
from schemas.vocabulary import BatchState
from warehouse.queries import read
from warehouse.statements import statement


class ReportStore:
    """The figures of the report, each one small frame, whatever the size of the warehouse."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Read from an open published copy."""
        self._connection = connection

    def classes(self) -> pl.DataFrame:
        """The latest reconciliation by class and reason: records and money of both sides."""
        return self._read("report/read_classes")

    def open_records(self, most: int) -> pl.DataFrame:
        """What is neither matched nor explained, the most money first; `in_all`: how many."""
        return self._read("report/read_open", most=most)

    def clock(self) -> pl.DataFrame:
        """Money that is late, or taken for too long, by kind and age."""
        return self._read("report/read_clock")

    def repairs(self) -> pl.DataFrame:
        """What to put right, step by step."""
        return self._read("report/read_repairs")

    def restated(self) -> pl.DataFrame:
        """What the day shows otherwise now than by what was known then, by class."""
        return self._read("report/read_restated")

    def dispositions(self) -> pl.DataFrame:
        """The latest run's charges by disposition."""
        return self._read("report/read_dispositions")

    def holds(self) -> pl.DataFrame:
        """Why charges are held."""
        return self._read("report/read_holds")

    def open_batches(self) -> pl.DataFrame:
        """Batches that are not settled, oldest first, with their age in days."""
        return self._read("report/read_open_batches")

    def queue(self) -> pl.DataFrame:
        """The open items of the retry queue, the most money first."""
        return self._read("report/read_queue")

    def batches(self, most: int) -> pl.DataFrame:
        """The newest batches."""
        return self._read("report/read_batches", most=most)

    def _read(self, name: str, **parameters: object) -> pl.DataFrame:
        return read(self._connection, statement(name), parameters or None)


def at_the_gate(open_batches: pl.DataFrame) -> list[WaitingBatch]:
    """Those of `ReportStore.open_batches` whose files are there, oldest first."""
    return [
        WaitingBatch(
            seq=row["seq"],
            as_of=row["as_of"],
            state=row["state"],
            since=row["since"],
            rows=row["rows"],
            value=row["value"] or Decimal(0),
            digest=row["digest"] or "",
        )
        for row in open_batches.iter_rows(named=True)
        if row["state"] != BatchState.CLAIMED
    ]
