"""What is to be told of the additional numbers of billed assets. Pure polars."""

from datetime import date

import polars as pl

from tasks.changes.clis import CLI_DUE, STANDING

_WHERE = ["site_ref", "cli"]


def hanging_numbers(
    standing: pl.DataFrame, numbers: pl.DataFrame, lives: pl.DataFrame
) -> pl.DataFrame:
    """Each number as if it were the CLI of the charges it hangs on: STANDING.

    A number lives as long as a recurring charge of its asset does, and no longer than it says
    itself. Where a charge goes on as a new row without a gap, its numbers go along.

    Args:
        standing: that of the charges of assets with additional numbers.
        numbers: `asset_id`, `cli`, `range_end`, `cli_type`, `start_on`, `end_on`, cleaned.
        lives: LIFE. One that ended before its number is to begin is not where it was told.
    """
    charges = standing.filter(~pl.col("is_left"))
    is_told = pl.col("told_customer_ref").is_not_null()
    along = ("customer_ref", "site_ref", "asset_id", "end_on")
    anew = charges.filter(~is_told).unique("line_id", keep="last", maintain_order=True)
    told = charges.filter(is_told).join(
        anew.select("line_id", *along, "start_on"), on="line_id", how="left", suffix="_anew"
    )
    day_after = pl.col("end_on").dt.offset_by("1d")
    goes_on = (pl.col("start_on_anew") <= day_after).fill_null(
        pl.col("end_on").is_null() & pl.col("start_on_anew").is_not_null()
    )
    moved = told.with_columns(
        pl.when(goes_on).then(f"{name}_anew").otherwise(name).alias(name) for name in along
    )
    begun = charges.filter(~is_told).join(told.filter(goes_on), on="line_id", how="anti")
    each = (
        pl.concat([moved.select(charges.columns), begun])
        .drop("cli", "cli_type", "told_cli")
        .join(
            numbers.select(
                "asset_id", "cli", "cli_type", number_start="start_on", number_end="end_on"
            ),
            on="asset_id",
        )
        .with_columns(
            pl.max_horizontal("start_on", "number_start").alias("start_on"),
            pl.min_horizontal("end_on", "number_end").alias("end_on"),
            pl.lit(value=False).alias("is_without"),
        )
    )
    there = lives.select(told_site_ref="site_ref", cli="cli", told_cli="cli", life_ends="end_on")
    is_there = pl.col("told_cli").is_not_null() & (
        pl.col("life_ends").is_null() | (pl.col("life_ends") >= pl.col("start_on"))
    )
    return (
        each.join(there, on=["told_site_ref", "cli"], how="left")
        .with_columns(
            pl.when(is_there).then(name).alias(name) for name in ("told_cli", "told_site_ref")
        )
        .select(pl.col(name).cast(dtype) for name, dtype in STANDING.items())
    )


def said_of_numbers(hanging: pl.DataFrame, numbers: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What The Layer says of each number, one row per site and number: the first that is not over.

    `site_ref`, `cli`, `cli_type`, `range_end`, `start_on`, `end_on`; where assets at several sites
    have it, each place has its own.
    """
    return (
        hanging.select(*_WHERE, "asset_id", is_new=pl.col("told_customer_ref").is_null())
        .drop_nulls("site_ref")
        .join(numbers, on=["asset_id", "cli"])
        .sort(
            (pl.col("end_on") < as_of).fill_null(value=False),
            "is_new",
            "start_on",
            "asset_id",
            nulls_last=True,
        )
        .unique(_WHERE, keep="first", maintain_order=True)
        .select(*_WHERE, "cli_type", "range_end", "start_on", "end_on")
    )


def numbers_added(
    needed: pl.DataFrame,
    said: pl.DataFrame,
    lives: pl.DataFrame,
    given_up: pl.DataFrame,
    as_of: date,
) -> pl.DataFrame:
    """The numbers that are to be added where charges are billed: CLI_DUE.

    Args:
        needed: PLACE: where numbers arrive.
        said: as `said_of_numbers` has it.
        lives: LIFE.
        given_up: `site_ref`, `cli`, `start_on` of what was told and is not there: told again, it
            begins on the same day.
        as_of: the day of the run; a new number that does not say otherwise begins on it.
    """
    return (
        needed.drop("cli_type")
        .join(said, on=_WHERE)
        .join(given_up.select(*_WHERE, given_up_start="start_on"), on=_WHERE, how="left")
        .join(lives.select(*_WHERE, life_ends="end_on", is_there=True), on=_WHERE, how="left")
        .with_columns(
            pl.lit("ADD").alias("action"),
            pl.coalesce("start_on", "given_up_start", pl.lit(as_of)).alias("start_on"),
            pl.lit(None, dtype=pl.String).alias("previous_cli"),
            pl.lit(None, dtype=pl.String).alias("previous_site_ref"),
        )
        .filter(pl.col("is_there").is_null() | (pl.col("life_ends") < pl.col("start_on")))
        # what has ended before it could be told is not told
        .filter(pl.col("end_on").is_null() | (pl.col("end_on") >= pl.col("start_on")))
        .select(pl.col(name).cast(dtype) for name, dtype in CLI_DUE.items())
    )


def ranges_changed(said: pl.DataFrame, lives: pl.DataFrame) -> pl.DataFrame:
    """Numbers that stay where they are, but whose range ends elsewhere: CLI_DUE."""
    differs = pl.col("said_range_end").ne_missing(pl.col("range_end"))
    return (
        lives.join(said.select(*_WHERE, said_range_end="range_end"), on=_WHERE)
        .filter(differs)
        .with_columns(
            pl.lit("UPDATE").alias("action"),
            pl.col("said_range_end").alias("range_end"),
            pl.lit(None, dtype=pl.String).alias("previous_cli"),
            pl.lit(None, dtype=pl.String).alias("previous_site_ref"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in CLI_DUE.items())
    )
