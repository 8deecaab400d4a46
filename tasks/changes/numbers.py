"""What is to be told of the additional numbers of billed assets. Pure polars."""

from datetime import date

import polars as pl

from tasks.changes.clis import CLI_DUE, STANDING, cli_changes

_WHERE = ["site_ref", "cli"]


def number_changes(
    hanging: pl.DataFrame, numbers: pl.DataFrame, lives: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """Say what is to be told of additional numbers: new, moved, ended, another end of the range.

    A number lives as long as a recurring charge of its asset does, and no longer than it says
    itself. One that is gone from the feed ends nothing by itself.

    Args:
        hanging: STANDING of the numbers, as `hanging_numbers` has it.
        numbers: `asset_id`, `cli`, `range_end`, `cli_type`, `start_on`, `end_on`, cleaned.
        lives: LIFE.
        as_of: the day of the run; a new number that does not say otherwise begins on it.

    Returns:
        CLI_DUE: ADD, UPDATE and CEASE rows, one per site and number.
    """
    found = cli_changes(hanging, lives, as_of)
    own = (
        numbers.sort("start_on", "asset_id", nulls_last=True)
        .unique("cli", keep="first", maintain_order=True)
        .select("cli", "range_end", "start_on", "end_on", "cli_type")
    )
    added = _added(found.needed, own, lives, as_of)
    ranged = _ranged(hanging, own, lives).join(found.due, on=_WHERE, how="anti")
    return pl.concat([found.due, added, ranged])


def hanging_numbers(
    standing: pl.DataFrame, numbers: pl.DataFrame, lives: pl.DataFrame
) -> pl.DataFrame:
    """Each number as if it were the CLI of the charges it hangs on: STANDING.

    `standing`: that of the charges of assets with additional numbers. Where a charge goes on as a
    new row, its numbers go along.
    """
    is_told = pl.col("told_customer_ref").is_not_null()
    along = ("customer_ref", "site_ref", "asset_id", "end_on")
    anew = standing.filter(~is_told).unique("line_id", keep="last", maintain_order=True)
    told = (
        standing.filter(is_told)
        .join(
            anew.select("line_id", pl.lit(value=True).alias("goes_on"), *along),
            on="line_id",
            how="left",
            suffix="_anew",
        )
        .with_columns(
            pl.when("goes_on").then(f"{name}_anew").otherwise(name).alias(name) for name in along
        )
        .select(list(standing.columns))
    )
    each = told.drop("cli", "cli_type", "told_cli").join(
        numbers.select("asset_id", "cli", "cli_type", number_end="end_on"), on="asset_id"
    )
    there = lives.select(told_site_ref="site_ref", cli="cli", told_cli="cli")
    return (
        each.join(there, on=["told_site_ref", "cli"], how="left")
        .with_columns(
            pl.when(pl.col("told_cli").is_not_null()).then("told_site_ref").alias("told_site_ref"),
            pl.min_horizontal("end_on", "number_end").alias("end_on"),
            pl.lit(value=False).alias("is_without"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in STANDING.items())
    )


def _added(
    needed: pl.DataFrame, own: pl.DataFrame, lives: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    return (
        needed.drop("cli_type")
        .join(lives, on=_WHERE, how="anti")
        .join(own, on="cli")
        .with_columns(
            pl.lit("ADD").alias("action"),
            pl.coalesce(pl.col("start_on"), pl.lit(as_of)).alias("start_on"),
            pl.lit(None, dtype=pl.String).alias("previous_cli"),
            pl.lit(None, dtype=pl.String).alias("previous_site_ref"),
        )
        # what has ended before it could be told is not told
        .filter(pl.col("end_on").is_null() | (pl.col("end_on") >= pl.col("start_on")))
        .select(pl.col(name).cast(dtype) for name, dtype in CLI_DUE.items())
    )


def _ranged(hanging: pl.DataFrame, own: pl.DataFrame, lives: pl.DataFrame) -> pl.DataFrame:
    """Numbers that stay where they are, but whose range ends elsewhere."""
    differs = pl.col("own_range_end").ne_missing(pl.col("range_end"))
    return (
        lives.join(hanging.select(_WHERE).unique(), on=_WHERE, how="semi")
        .join(own.select("cli", own_range_end="range_end"), on="cli")
        .filter(differs)
        .with_columns(
            pl.lit("UPDATE").alias("action"),
            pl.col("own_range_end").alias("range_end"),
            pl.lit(None, dtype=pl.String).alias("previous_cli"),
            pl.lit(None, dtype=pl.String).alias("previous_site_ref"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in CLI_DUE.items())
    )
