"""The files of a batch: a pure function of its frozen rows, so twice writes the same bytes."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, partial
from pathlib import Path

import pandera.polars as pa
import polars as pl

from schemas.affinity import OutFile
from schemas.errors import ProfileWrong
from schemas.proof import prove
from schemas.receipts import BatchFile
from schemas.tables import VALUE
from tasks.batch.rendering import WrittenLayout, header_texts, rendered
from warehouse.connection import file_sha256


@dataclass
class _Part:
    """One file being written."""

    path: Path
    rows: int = 0
    quantity: int = 0
    value: dict[str, Decimal] = field(default_factory=partial(defaultdict, Decimal))

    def count(self, frozen: pl.DataFrame) -> None:
        """Add what the frozen rows written into this part come to."""
        self.rows += frozen.height
        if "quantity" not in frozen.columns:
            return
        quantity = pl.col("quantity").cast(pl.Decimal(38, 0))  # a dozen of the largest overflow
        sums = frozen.group_by("charge_type").agg(
            quantity.sum(),
            (quantity * pl.col("unit_price").cast(VALUE)).sum().alias("value"),
        )
        for charge_type, pieces, value in sums.iter_rows():
            self.quantity += int(pieces)
            self.value[charge_type] += value


def write_file(
    rows: Iterator[pl.DataFrame], file: OutFile, layout: WrittenLayout, folder: Path
) -> list[BatchFile]:
    """Write the frozen `rows` of one file, in the order they come, in parts if the layout says.

    Each part is flushed to disk. No rows, no file.
    """
    parts: list[_Part] = []
    names = header_texts(file, layout)
    for frame in rows:
        left = frame
        while left.height:
            if not parts or (layout.max_rows and parts[-1].rows >= layout.max_rows):
                parts.append(_open_part(file, layout, folder, len(parts) + 1, names))
            room = layout.max_rows - parts[-1].rows if layout.max_rows else left.height
            here, left = left.head(room), left.slice(room)
            text = prove(written_contract(file), rendered(here, file, layout))
            _write(parts[-1], text.select(list(names)), layout)
            parts[-1].count(here)
    return [_finish(part, layout) for part in parts]


def part_name(file: OutFile, number: int) -> str:
    """The name of a file's n-th part, from 1: `06_clis.csv`, `06_clis_2.csv`, ..."""
    suffix = "" if number == 1 else f"_{number}"
    return f"{file.stem}{suffix}.csv"


def parts_of(file: OutFile, rows: int, max_rows: int | None) -> dict[str, int]:
    """The parts `rows` rows of a file come in, and the rows of each; none for no rows."""
    room = max_rows or max(rows, 1)
    starts = range(0, rows, room)
    return {
        part_name(file, number): min(room, rows - start)
        for number, start in enumerate(starts, start=1)
    }


def _open_part(
    file: OutFile, layout: WrittenLayout, folder: Path, number: int, names: Mapping[str, str]
) -> _Part:
    part = _Part(folder / part_name(file, number))
    if layout.header:
        header = pl.DataFrame({name: [text] for name, text in names.items()})
        _write(part, header, layout)
    else:
        part.path.touch(mode=0o600)
    return part


def _write(part: _Part, text: pl.DataFrame, layout: WrittenLayout) -> None:
    csv = text.write_csv(
        include_header=False,
        line_terminator=layout.line_end,
        quote_style="always" if layout.quote_all else "necessary",
    )
    try:
        content = csv.encode(_letters(layout))
    except UnicodeEncodeError:  # its words would show what could not be written
        raise ProfileWrong(
            f"Writing {part.path.name}: a text of it has letters that {layout.encoding} has not.",
            hint="Set the encoding of its affinity.layout to one that has them, and run again.",
        ) from None
    with part.path.open("ab") as out:
        if out.tell() == 0 and layout.encoding == "utf-8-sig":
            out.write(b"\xef\xbb\xbf")
        out.write(content)


def _letters(layout: WrittenLayout) -> str:
    """The encoding of all but the first bytes: a byte order mark comes once."""
    return "utf-8" if layout.encoding == "utf-8-sig" else layout.encoding


def _finish(part: _Part, layout: WrittenLayout) -> BatchFile:
    with part.path.open("ab") as out:
        if layout.trailer:
            line = layout.trailer.replace("{rows}", str(part.rows)) + layout.line_end
            out.write(line.encode(_letters(layout)))
        out.flush()
        os.fsync(out.fileno())
    part.path.chmod(0o600)
    return BatchFile(
        name=part.path.name,
        rows=part.rows,
        bytes=part.path.stat().st_size,
        sha256=file_sha256(part.path),
        quantity=part.quantity,
        value=dict(part.value),
    )


@cache
def written_contract(file: OutFile) -> pa.DataFrameSchema:
    """What the rendered text rows of `file` must look like before they are written.

    Grain: one row per row key. Everything is text; null is a blank.
    """
    columns = {
        column.source: pa.Column(
            pl.String(),
            [pa.Check.str_matches(column.pattern)] if column.pattern else [],
            nullable=not column.required,
        )
        for column in file.columns
    }
    return pa.DataFrameSchema(columns, strict=True, coerce=False, name=file.stem)
