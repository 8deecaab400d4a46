"""A view as a file for people: CSV, a workbook, or Parquet. Pure: frames in, bytes on a stream out.

What people open in a spreadsheet must not run: a text that a spreadsheet would take for a formula
has an apostrophe before it in CSV, and is plain text in a workbook. Parquet is for programs that
take cells for what they are, and holds them as they are.
"""

import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import IO

import polars as pl
import pyarrow.parquet as pq
import xlsxwriter

from schemas.errors import UsageError

MOST_ROWS = 1_048_000
"""What one sheet of a workbook holds, less the header and a little room."""

_MOST_CHARACTERS = 32_767
"""What one cell of a workbook holds."""

_WAS_CUT = " ... (cut here: export as csv or parquet for all of it)"

_UNSEEN = r"[\s\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]"
_FORMULA = rf"^[\t\r\n]|^{_UNSEEN}*[=+\-@\x{{ff1d}}\x{{ff0b}}\x{{ff0d}}\x{{ff20}}]"
"""How a text begins that a spreadsheet may run: full-width signs, and what nobody sees before them,
count as well."""

_BYTE_ORDER_MARK = "\ufeff"


class ExportFormat(StrEnum):
    """The kinds of file; the value is what a name ends in."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


def safe(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with an apostrophe before every text that a spreadsheet might run."""
    text = pl.col(pl.String)
    runs = text.str.contains(_FORMULA)
    return frame.with_columns(pl.when(runs).then(pl.lit("'") + text).otherwise(text).name.keep())


def write_csv(batches: Iterable[pl.DataFrame], out: IO[bytes]) -> int:
    """CSV with a byte order mark, so that spreadsheets read it as UTF-8; returns the rows."""
    rows = 0
    out.write(_BYTE_ORDER_MARK.encode())
    for number, batch in enumerate(batches):
        text = safe(batch).write_csv(include_header=number == 0, line_terminator="\r\n")
        out.write(text.encode())
        rows += batch.height
    return rows


def write_parquet(batches: Iterable[pl.DataFrame], out: IO[bytes]) -> int:
    """Parquet, cells as they are; returns the rows."""
    rows = 0
    writer: pq.ParquetWriter | None = None
    for batch in batches:
        table = batch.to_arrow()
        if writer is None:
            writer = pq.ParquetWriter(out, table.schema)
        writer.write_table(table)
        rows += batch.height
    if writer is not None:
        writer.close()
    return rows


def write_workbook(
    batches: Iterable[pl.DataFrame], out: IO[bytes], *, title: str, about: Mapping[str, str]
) -> int:
    """A workbook of two sheets: the rows, and what they are; returns the rows.

    Texts stay texts, whatever they begin with; one that no cell holds says it was cut. Money is
    a number of at most 15 digits, as in every spreadsheet.

    Raises:
        UsageError: there are more rows than a sheet holds.
    """
    book = io.BytesIO()
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    frame = _cut_to_cells(pl.concat(_few_enough(batches)))
    with xlsxwriter.Workbook(book, options) as workbook:
        frame.write_excel(
            workbook,
            worksheet=title[:31],
            freeze_panes=(1, 0),
            autofit=True,
            dtype_formats={pl.Decimal: "#,##0.00##", pl.Int64: "0"},
            column_formats=dict.fromkeys(_whole_numbers(frame), "#,##0"),
        )
        _write_old_days(workbook, title[:31], frame)
        sheet = workbook.add_worksheet("about")
        bold = workbook.add_format({"bold": True})
        for row, (name, words) in enumerate(about.items()):
            sheet.write_string(row, 0, name, bold)
            sheet.write_string(row, 1, words)
        sheet.autofit()
    out.write(book.getvalue())
    return frame.height


def _cut_to_cells(frame: pl.DataFrame) -> pl.DataFrame:
    text = pl.col(pl.String)
    cut = text.str.head(_MOST_CHARACTERS - len(_WAS_CUT)) + pl.lit(_WAS_CUT)
    is_too_long = text.str.len_chars() > _MOST_CHARACTERS
    return frame.with_columns(pl.when(is_too_long).then(cut).otherwise(text).name.keep())


def _whole_numbers(frame: pl.DataFrame) -> list[str]:
    return [
        name
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Decimal) and kind.scale == 0
    ]


_FIRST_DAY_OF_SHEETS = date(1900, 3, 1)
"""Before that no two spreadsheets count days alike, and most show none."""


def _write_old_days(workbook: xlsxwriter.Workbook, sheet: str, frame: pl.DataFrame) -> None:
    """Write days that a spreadsheet cannot show as texts: most are slips that somebody must see."""
    cells = workbook.get_worksheet_by_name(sheet)
    for column, (name, kind) in enumerate(frame.schema.items()):
        if kind == pl.Date:
            old = (frame[name] < _FIRST_DAY_OF_SHEETS).fill_null(value=False).arg_true()
            for row in old:
                cells.write_string(row + 1, column, f"{frame[name][row]:%Y-%m-%d}")


def _few_enough(batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    rows = 0
    for batch in batches:
        rows += batch.height
        if rows > MOST_ROWS:
            raise UsageError(
                f"Exporting: a sheet of a workbook holds {MOST_ROWS:,} rows, and there are more.",
                hint="Export as csv or parquet.",
            )
        yield batch
