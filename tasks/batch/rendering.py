"""Frozen rows become the text Affinity reads. Pure polars; nothing is rounded or cut."""

from dataclasses import dataclass, field

import polars as pl

from schemas.affinity import OutFile
from schemas.tables import MONEY
from schemas.vocabulary import ChargeType


@dataclass(frozen=True)
class WrittenLayout:
    """How one file is written; the defaults are those of contract section 4."""

    columns: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    date_format: str = "%d/%m/%Y"
    decimals: int = 4
    encoding: str = "utf-8"
    line_end: str = "\r\n"
    quote_all: bool = False
    header: bool = True
    trailer: str = ""
    max_rows: int | None = None
    max_lengths: dict[str, int] = field(default_factory=dict)


_PRICES = ("unit_price", "upfront_price", "recurring_price")


def rendered(rows: pl.DataFrame, file: OutFile, layout: WrittenLayout) -> pl.DataFrame:
    """The frozen `rows` of `file` as text columns, named as frozen, in the contract's order."""
    return rows.select(
        _text(column.source, rows.schema[column.source], layout) for column in file.columns
    )


def _text(name: str, dtype: pl.DataType, layout: WrittenLayout) -> pl.Expr:
    value = pl.col(name)
    if name == "charge_type":
        return value.str.to_uppercase()
    if name == "frequency":
        one_off = pl.col("charge_type") == ChargeType.UPFRONT
        text = pl.when(one_off).then(pl.lit("ONE_OFF")).otherwise(value.str.to_uppercase())
        return text.alias(name)
    if dtype == pl.Date:
        return value.dt.strftime(layout.date_format)
    if name in _PRICES:
        dropped = MONEY.scale - layout.decimals + (1 if layout.decimals == 0 else 0)
        return value.cast(pl.String).str.head(-dropped) if dropped else value.cast(pl.String)
    return value.cast(pl.String)


def header_texts(file: OutFile, layout: WrittenLayout) -> dict[str, str]:
    """Frozen column -> header text, in the order of the layout."""
    known = {column.header: column.source for column in file.columns}
    order = layout.columns or file.headers
    return {known[header]: layout.headers.get(header, header) for header in order}
