"""A landed feed file as a table of raw text, be it CSV or Parquet: schemas.receipts.FeedTable."""

from collections.abc import Iterator
from functools import cached_property

import polars as pl

from schemas.errors import SourceContractBroken
from schemas.receipts import FeedTable
from tasks.layer.csv_records import BAD_CELLS_SCHEMA, ODD_SCHEMA, carve, parse, read_header
from tasks.layer.landing import LandedFile
from warehouse.connection import Connection
from warehouse.landed_files import ParquetText, read_parquet_text

BATCH_ROWS = 100_000
BATCH_BYTES = 64 << 20
"""A batch of CSV is full once it has so many rows or so many bytes of text."""


def open_feed_table(landed: LandedFile, *, feed: str, encoding: str) -> FeedTable:
    """Open a landed file for reading as text.

    Args:
        landed: the file.
        feed: whose it is, for messages.
        encoding: `utf-8` or `cp1252`; only CSV needs it.

    Raises:
        SourceContractBroken: it has no header, or one that cannot be read; or it is named a Parquet
            file and is none.
    """
    try:
        if landed.path.suffix == ".parquet":
            return ParquetTable(read_parquet_text(landed.path), feed)
        header = read_header(landed.path, encoding)
    except SourceContractBroken as error:
        raise _named(feed, error) from error
    if not header:
        raise SourceContractBroken(
            f"Reading feed {feed}: the file has no header row.", hint="Export the feed again."
        )
    return CsvTable(landed, header, encoding)


def _named(feed: str, error: SourceContractBroken) -> SourceContractBroken:
    return SourceContractBroken(f"Reading feed {feed}: {error.message}", hint=error.hint)


class CsvTable:
    """A CSV file: its records are told apart exactly, then parsed by polars, chunk by chunk.

    polars left alone fills up short records, makes a record of an empty line, loses a BOM or a CR,
    and stops at a quote inside a field. So it only gets text in which nothing of that is left.
    """

    def __init__(self, landed: LandedFile, header: list[str], encoding: str) -> None:
        """`header` are the fields of the file's first record."""
        self.header = header
        self.inexact: frozenset[str] = frozenset()
        self._landed = landed
        self._encoding = encoding
        self._odd: pl.DataFrame | None = None

    @property
    def may_hold_controls(self) -> bool:
        """Whether a cell may hold a control character."""
        return self._landed.traits.may_hold_controls

    @property
    def odd(self) -> pl.DataFrame:
        """Ragged records: ODD_SCHEMA, in file order."""
        if self._odd is None:
            raise RuntimeError("the odd records are known once all batches have been read")
        return self._odd

    @cached_property
    def bad_cells(self) -> pl.DataFrame:
        """Cells that do not decode: BAD_CELLS_SCHEMA, in file order.

        Known before the batches: a file that does not decode, and only that, is read once more.
        """
        found = [pl.DataFrame(schema=BAD_CELLS_SCHEMA)]
        if self._encoding not in self._landed.traits.decodes_as:
            found += (carved.bad_cells for carved in carve(self._landed.path, self._encoding))
        return pl.concat(found)

    def batches(self, connection: Connection) -> Iterator[pl.DataFrame]:  # noqa: ARG002  # Parquet needs it
        """The well-formed records in file order, each once, in frames that are not empty.

        Yields:
            `row_number` Int64, the record's number among all records; `c0`, `c1`, ... String, one
            for each name of the header, null for empty.
        """
        odd = [pl.DataFrame(schema=ODD_SCHEMA)]
        frames: list[pl.DataFrame] = []
        rows = size = 0
        for carved in carve(self._landed.path, self._encoding):
            odd.append(carved.odd)
            frames.append(parse(carved, len(self.header)))
            rows += carved.row_numbers.size
            size += len(carved.clean)
            if rows >= BATCH_ROWS or size >= BATCH_BYTES:
                yield pl.concat(frames)
                frames, rows, size = [], 0, 0
        if rows:
            yield pl.concat(frames)
        self._odd = pl.concat(odd)


class ParquetTable:
    """A Parquet file: every row is a record, every cell decodes."""

    def __init__(self, parquet: ParquetText, feed: str) -> None:
        """`feed` is for messages."""
        self.header = parquet.header
        self.inexact = parquet.inexact
        self.may_hold_controls = True
        self.odd = pl.DataFrame(schema=ODD_SCHEMA)
        self.bad_cells = pl.DataFrame(schema=BAD_CELLS_SCHEMA)
        self._parquet = parquet
        self._feed = feed

    def batches(self, connection: Connection) -> Iterator[pl.DataFrame]:
        """The rows in file order, as `CsvTable.batches` gives them.

        Raises:
            SourceContractBroken: the file is damaged.
        """
        first = 1
        try:
            for cells in self._parquet.batches(connection):
                numbers = pl.int_range(first, first + cells.height, dtype=pl.Int64, eager=True)
                yield cells.insert_column(0, numbers.alias("row_number"))
                first += cells.height
        except SourceContractBroken as error:
            raise _named(self._feed, error) from error
