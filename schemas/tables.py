"""Types of the feeds' columns in each engine, and the pandera contracts of the accepted records."""

from functools import cache

import pandera.polars as pa
import polars as pl

from schemas.feeds import Column, Feed, Kind

MONEY = pl.Decimal(18, 4)
"""Pounds ex VAT, exact: 14 digits before the point, 4 after it."""

VALUE = pl.Decimal(38, 4)
"""Quantity times unit price, and sums of it."""

_POLARS = {
    Kind.TEXT: pl.String(),
    Kind.DATE: pl.Date(),
    Kind.MONEY: MONEY,
    Kind.INTEGER: pl.Int64(),
    Kind.QUANTITY: pl.Int64(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.CHOICE: pl.String(),
}


def polars_type(column: Column) -> pl.DataType:
    """The dtype a parsed cell of `column` has."""
    return _POLARS[column.kind]


@cache
def accepted_contract(feed: Feed) -> pa.DataFrameSchema:
    """What accepted records of `feed` look like: typed, whole, inside their bounds.

    Grain: one row per record, `row_number` as in the file (first data record = 1). Key uniqueness
    spans batches and is checked in bulk by the warehouse, not here.
    """
    columns: dict[str, pa.Column] = {"row_number": pa.Column(pl.Int64(), pa.Check.ge(1))}
    for column in feed.columns:
        checks: list[pa.Check] = []
        if column.choices:
            checks.append(pa.Check.isin(list(column.choices)))
        if column.kind is Kind.QUANTITY:
            checks.append(pa.Check.ge(1))
        if column.kind is Kind.MONEY:
            checks.append(pa.Check.ge(0))
        if column.kind is Kind.TEXT and column.must_have_value:
            checks.append(pa.Check.str_length(min_value=1))
        columns[column.name] = pa.Column(
            polars_type(column), checks, nullable=not column.must_have_value
        )
    return pa.DataFrameSchema(columns, strict=True, coerce=False, name=feed.name)
