"""The pandera contracts of the accepted records.

In a file of its own: pandera is slow to import, and whoever only asks for a type need not wait.
"""

from functools import cache

import pandera.polars as pa
import polars as pl

from schemas.feeds import Feed, Kind
from schemas.tables import polars_type


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
