"""Additional numbers of assets: what makes a range one that Affinity can hold. Pure polars."""

from collections.abc import Mapping

import polars as pl

from schemas.cli_text import cli_profile, read_cli
from schemas.vocabulary import CliProfile, RejectReason
from tasks.contracts.records import REJECT_SCHEMA

MOST_NUMBERS = 501
"""More than this on one asset cannot be expanded; The Layer's own limit."""

_EXACT_DIGITS = 18
_DIGITS = r"^[0-9]+$"


def bad_ranges(numbers: pl.DataFrame, by_category: Mapping[str, CliProfile]) -> pl.DataFrame:
    """The additional numbers that cannot be used.

    Args:
        numbers: `row_number`, `asset_id`, `cli`, `range_end`, `is_fit` (nothing else is wrong), and
            of the asset's product `base_category`, `needs_cli`; one row per record.
        by_category: the profile's CLI profiles.

    Returns:
        REJECT_SCHEMA rows: on `cli` when the number does not clean, on `range_end` when the end
        does not, is not after the start or is of another length; on `cli` for every row of an
        asset whose fit numbers come to more than 501.

    Source: contract section 3, "Additional numbers"; ruling 20.
    """
    profile = cli_profile(pl.col("base_category"), pl.col("needs_cli"), dict(by_category))
    read = numbers.with_columns(profile.alias("profile")).filter(
        # a product without CLIs has no use for numbers, good or bad
        pl.col("profile") != CliProfile.NONE
    )
    read = read.with_columns(
        read_cli(pl.col("cli"), pl.col("profile")).cleaned.alias("first"),
        read_cli(pl.col("range_end"), pl.col("profile")).cleaned.alias("last"),
    )
    first, last = pl.col("first"), pl.col("last")
    has_end = pl.col("range_end").is_not_null()
    good_end = (
        last.is_not_null()
        & first.str.contains(_DIGITS)
        & last.str.contains(_DIGITS)
        & (first.str.len_bytes() == last.str.len_bytes())
        & (first < last)
    ).fill_null(value=False)
    judged = read.with_columns(
        first.is_null().alias("bad_start"), (has_end & ~good_end).alias("bad_end")
    ).with_columns(
        pl.when(pl.col("bad_start") | pl.col("bad_end") | ~pl.col("is_fit"))
        .then(0)
        .when(has_end)
        .then(_count(first, last))
        .otherwise(1)
        .alias("numbers")
    )
    too_many = pl.col("numbers").sum().over("asset_id") > MOST_NUMBERS
    judged = judged.with_columns((too_many & (pl.col("numbers") > 0)).alias("too_many"))
    return pl.concat(
        [
            _rejects(judged.filter(pl.col("bad_start") | pl.col("too_many")), "cli"),
            _rejects(judged.filter(pl.col("bad_end") & ~pl.col("bad_start")), "range_end"),
        ]
    )


def _count(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    """How many numbers a range holds, exact up to the limit however long the numbers are."""
    beyond = pl.lit(MOST_NUMBERS + 1)
    same_start = first.str.head(first.str.len_chars() - _EXACT_DIGITS) == last.str.head(
        last.str.len_chars() - _EXACT_DIGITS
    )
    short = first.str.len_chars() <= _EXACT_DIGITS
    span = (
        last.str.tail(_EXACT_DIGITS).cast(pl.Int64, strict=False)
        - first.str.tail(_EXACT_DIGITS).cast(pl.Int64, strict=False)
        + 1
    )
    return (
        pl.when(short | same_start).then(span.clip(upper_bound=MOST_NUMBERS + 1)).otherwise(beyond)
    )


def _rejects(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    return rows.select(
        "row_number",
        pl.lit(column).alias("column_name"),
        pl.lit(RejectReason.BAD_RANGE.value).alias("reason"),
        pl.col(column).alias("raw_value"),
    ).cast(REJECT_SCHEMA)
