"""Types of the feeds' columns, and of money."""

import polars as pl

from schemas.feeds import Column, Kind

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
