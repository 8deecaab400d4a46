"""What is to be told of CLIs that are there: renumbered, moved, ended, opened again. Pure polars.

A CLI lives at a site as long as a recurring charge stands on it. CLIs that are not there yet are
added by the batch that needs them.
"""

from datetime import date
from typing import NamedTuple

import polars as pl

STANDING = pl.Schema(
    {
        "line_id": pl.String(),
        "told_customer_ref": pl.String(),
        "told_site_ref": pl.String(),
        "told_cli": pl.String(),
        "customer_ref": pl.String(),
        "site_ref": pl.String(),
        "cli": pl.String(),
        "cli_type": pl.String(),
        "asset_id": pl.String(),
        "start_on": pl.Date(),
        "end_on": pl.Date(),
        "is_without": pl.Boolean(),
        "is_left": pl.Boolean(),
    }
)
"""A recurring charge at a place that something changes about, one row per charge.

`told_*` is where it stood before the batch, null for one that begins with it; `end_on` its last
day, null while it is open; `is_without`: it is billed with a CLI that was given up, or may go
again, and that nothing says is there (`told_cli` is null then); `is_left`: no charge, but a CLI
that everybody has left, and where it may go along.
"""

LIFE = pl.Schema(
    {
        "site_ref": pl.String(),
        "cli": pl.String(),
        "customer_ref": pl.String(),
        "cli_type": pl.String(),
        "range_end": pl.String(),
        "start_on": pl.Date(),
        "end_on": pl.Date(),
        "asset_id": pl.String(),
    }
)
"""A CLI that is there, one row per site and CLI."""

CLI_DUE = pl.Schema(
    {
        "customer_ref": pl.String(),
        "site_ref": pl.String(),
        "cli": pl.String(),
        "action": pl.String(),
        "cli_type": pl.String(),
        "range_end": pl.String(),
        "start_on": pl.Date(),
        "end_on": pl.Date(),
        "previous_cli": pl.String(),
        "asset_id": pl.String(),
        "previous_site_ref": pl.String(),
    }
)
"""A row of the CLI file: UPDATE, CEASE, or ADD where what was told was given up."""

PLACE = pl.Schema(
    {
        "customer_ref": pl.String(),
        "site_ref": pl.String(),
        "cli": pl.String(),
        "cli_type": pl.String(),
        "bill_start_on": pl.Date(),
        "asset_id": pl.String(),
    }
)

_WHERE = ["site_ref", "cli"]
_NOT_OF_AN_ADD = ("range_end", "end_on", "previous_cli", "previous_site_ref")


class CliChanges(NamedTuple):
    """`due` as CLI_DUE; `needed` as PLACE: where changed charges stand and no CLI moves to."""

    due: pl.DataFrame
    needed: pl.DataFrame


def cli_changes(standing: pl.DataFrame, lives: pl.DataFrame, as_of: date) -> CliChanges:
    """Say what is to be told of the CLIs whose charges move, end or go on.

    Args:
        standing: STANDING. Additional numbers are among them, as charges of their own: one open
            user of either kind keeps a CLI open.
        lives: LIFE.
        as_of: the day of the run; a CLI that everybody leaves ends the day before.

    Source: contract section 4, `06_clis.csv`. Nothing is doubled: a CLI whose charges all go to one
    other number or site of the same customer is changed, not ended and added.
    """
    placed = _placed(standing, lives, as_of)
    wanted = _wanted(placed)
    left = _left(standing, wanted, lives)
    moved = _moved(left, wanted, lives, placed, as_of)
    gone = left.join(moved, on=_WHERE, how="anti")
    due = pl.concat(
        [
            _ends(_wanted(placed.filter(~pl.col("opens_anew"))), lives, as_of),
            _as_update(moved),
            _as_cease(gone, as_of),
            _told_again(standing, wanted, lives, moved),
        ]
    )
    return CliChanges(due, _needed(standing, wanted, moved, as_of))


def _placed(standing: pl.DataFrame, lives: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What stands on a CLI; with `opens_anew`: it arrives where one is over, and needs another.

    What begins after the end of a CLI opens a new one, and what ended before it began stood on an
    earlier one, unless it is the one that the CLI began with: neither stands on it.
    """
    is_new = pl.col("told_customer_ref").is_null()
    begins_later = is_new & (pl.col("start_on") > pl.col("life_ends"))
    ended_before = (
        (pl.col("end_on") < pl.col("life_starts"))
        & (pl.col("start_on") <= pl.col("end_on"))
        & (pl.col("asset_id") != pl.col("life_asset"))
    )
    keeps_open = ~_arrives() & (pl.col("end_on") >= as_of).fill_null(value=True)
    is_over = (pl.col("life_ends") < pl.max_horizontal("start_on", pl.lit(as_of))).fill_null(
        value=False
    )
    return (
        standing.filter(pl.col("cli").is_not_null() & pl.col("site_ref").is_not_null())
        .join(
            lives.select(
                *_WHERE, life_starts="start_on", life_ends="end_on", life_asset="asset_id"
            ),
            on=_WHERE,
            how="left",
        )
        .filter(~begins_later.fill_null(value=False) & ~ended_before.fill_null(value=False))
        .with_columns((_arrives() & is_over & ~keeps_open.any().over(_WHERE)).alias("opens_anew"))
    )


def _arrives() -> pl.Expr:
    """It comes from another number or site; one that comes from nowhere is new."""
    return pl.col("told_customer_ref").is_not_null() & (
        pl.col("told_cli").ne_missing(pl.col("cli"))
        | pl.col("told_site_ref").ne_missing(pl.col("site_ref"))
    )


def _wanted(placed: pl.DataFrame) -> pl.DataFrame:
    """Where a CLI is wanted, and until when."""
    return placed.group_by(_WHERE).agg(
        pl.col("customer_ref").min(),
        pl.col("cli_type").drop_nulls().min(),
        pl.col("start_on").min(),
        # one open charge keeps it open
        pl.when(pl.col("end_on").is_null().any())
        .then(None)
        .otherwise(pl.col("end_on").max())
        .alias("wanted_end"),
        pl.col("asset_id").min(),
    )


def _left(standing: pl.DataFrame, wanted: pl.DataFrame, lives: pl.DataFrame) -> pl.DataFrame:
    """Lives that charges leave and nobody stays on, with where they go: `to_site`, `to_cli`.

    `to_*` is null when they go nowhere, or to several places.
    """
    leaving = standing.filter(
        pl.col("told_cli").is_not_null()
        & (
            pl.col("told_cli").ne_missing(pl.col("cli"))
            | pl.col("told_site_ref").ne_missing(pl.col("site_ref"))
        )
    )
    one = pl.struct("site_ref", "cli", "customer_ref").n_unique() == 1
    return (
        leaving.group_by(site_ref="told_site_ref", cli="told_cli")
        .agg(
            pl.when(one).then(pl.col("site_ref").first()).alias("to_site"),
            pl.when(one).then(pl.col("cli").first()).alias("to_cli"),
            pl.when(one).then(pl.col("customer_ref").first()).alias("to_customer"),
            pl.col("cli_type").drop_nulls().min().alias("to_type"),
            pl.col("asset_id").min().alias("to_asset"),
        )
        .join(lives, on=_WHERE)
        .join(wanted, on=_WHERE, how="anti")
    )


def _moved(
    left: pl.DataFrame,
    wanted: pl.DataFrame,
    lives: pl.DataFrame,
    placed: pl.DataFrame,
    as_of: date,
) -> pl.DataFrame:
    """Those of the `left` lives that become the CLI at their charges' new place.

    One life per place: the one that began first of those that are not over, for of two lives of one
    number that is the one Affinity takes. Not to another customer, nor where one lives, or lived
    while this one did.
    """
    where = ["to_site", "to_cli"]
    there = lives.select(
        to_site="site_ref", to_cli="cli", there_until=pl.col("end_on").fill_null(date.max)
    )
    anew = placed.filter("opens_anew").select(to_site="site_ref", to_cli="cli").unique()
    came_after = (pl.col("there_until") < pl.col("start_on")) & pl.col("opens_anew")
    return (
        left.filter(
            pl.col("to_cli").is_not_null()
            & pl.col("to_site").is_not_null()
            & pl.col("customer_ref").eq_missing(pl.col("to_customer"))
        )
        .join(there, on=where, how="left")
        .join(anew.with_columns(opens_anew=pl.lit(value=True)), on=where, how="left")
        .filter(pl.col("there_until").is_null() | came_after.fill_null(value=False))
        .join(
            wanted.select(to_site="site_ref", to_cli="cli", wanted_end="wanted_end"),
            on=where,
        )
        .sort((pl.col("end_on") < as_of).fill_null(value=False), "start_on", *_WHERE)
        .unique(where, keep="first", maintain_order=True)
    )


def _as_update(moved: pl.DataFrame) -> pl.DataFrame:
    renumbered = pl.col("to_cli") != pl.col("cli")
    return moved.select(
        "customer_ref",
        pl.col("to_site").alias("site_ref"),
        pl.col("to_cli").alias("cli"),
        pl.lit("UPDATE").alias("action"),
        pl.coalesce("to_type", "cli_type").alias("cli_type"),
        # a range is one of the number it begins with
        pl.when(~renumbered).then("range_end").alias("range_end"),
        "start_on",
        pl.col("wanted_end").alias("end_on"),
        pl.when(renumbered).then(pl.col("cli")).alias("previous_cli"),
        pl.coalesce("to_asset", "asset_id").alias("asset_id"),
        pl.when(pl.col("to_site") != pl.col("site_ref"))
        .then(pl.col("site_ref"))
        .alias("previous_site_ref"),
    ).cast(CLI_DUE)


def _told_again(
    standing: pl.DataFrame, wanted: pl.DataFrame, lives: pl.DataFrame, moved: pl.DataFrame
) -> pl.DataFrame:
    """CLIs that charges are billed with, and that were not taken: as they were to be added."""
    without = standing.filter("is_without").select(_WHERE).unique()
    return (
        wanted.join(without, on=_WHERE, how="semi")
        .join(lives, on=_WHERE, how="anti")
        .join(moved, left_on=_WHERE, right_on=["to_site", "to_cli"], how="anti")
        .with_columns(
            pl.lit("ADD").alias("action"),
            *(pl.lit(None, dtype=CLI_DUE[name]).alias(name) for name in _NOT_OF_AN_ADD),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in CLI_DUE.items())
    )


def _as_cease(lives: pl.DataFrame, as_of: date) -> pl.DataFrame:
    last = pl.max_horizontal("start_on", pl.lit(as_of).dt.offset_by("-1d"))
    ends = lives.filter(pl.col("end_on").is_null() | (pl.col("end_on") > last))
    return _told(ends, "CEASE", last)


def _ends(wanted: pl.DataFrame, lives: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Lives that stay where they are and end, or go on though they are over.

    None ends before it began.
    """
    staying = lives.join(wanted.select(*_WHERE, "wanted_end"), on=_WHERE).with_columns(
        pl.when(pl.col("wanted_end").is_not_null()).then(
            pl.max_horizontal("wanted_end", "start_on")
        )
    )
    ends = pl.when(pl.col("end_on").is_not_null()).then(pl.max_horizontal("end_on", "start_on"))
    differs = pl.col("wanted_end").ne_missing(ends)
    is_over = (pl.col("end_on") < as_of).fill_null(value=False)
    goes_on = pl.col("wanted_end").is_null() | (is_over & (pl.col("wanted_end") >= as_of))
    return pl.concat(
        [
            _told(staying.filter(differs & ~goes_on), "CEASE", pl.col("wanted_end")),
            _told(staying.filter(differs & goes_on), "UPDATE", pl.col("wanted_end")),
        ]
    )


def _told(lives: pl.DataFrame, action: str, end_on: pl.Expr) -> pl.DataFrame:
    return lives.select(
        "customer_ref",
        "site_ref",
        "cli",
        pl.lit(action).alias("action"),
        "cli_type",
        "range_end",
        "start_on",
        end_on.alias("end_on"),
        pl.lit(None, dtype=pl.String).alias("previous_cli"),
        "asset_id",
        pl.lit(None, dtype=pl.String).alias("previous_site_ref"),
    ).cast(CLI_DUE)


def _needed(
    standing: pl.DataFrame, wanted: pl.DataFrame, moved: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """Where charges arrive from elsewhere and no CLI arrives with them: it may have to be added."""
    arriving = standing.filter(pl.col("cli").is_not_null() & _arrives() & ~pl.col("is_without"))
    return (
        wanted.join(arriving, on=_WHERE, how="semi")
        .join(moved, left_on=_WHERE, right_on=["to_site", "to_cli"], how="anti")
        .select(
            "customer_ref",
            "site_ref",
            "cli",
            "cli_type",
            pl.max_horizontal("start_on", pl.lit(as_of)).alias("bill_start_on"),
            "asset_id",
        )
        .cast(PLACE)
    )
