"""Which CLIs a batch has to add in Affinity before its products can hang on them. Pure polars."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import polars as pl

from schemas.cli_text import (
    already_there,
    clean_numbers,
    each_number,
    lives_at_the_start,
    lives_in_affinity,
)
from schemas.vocabulary import CliProfile, CliType

CLI_ROW = pl.Schema(
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
    }
)

_WHERE = ("site_ref", "cli")


class CliRows(NamedTuple):
    """`added` is told; `met` is what would have been, but Affinity has it. Both CLI_ROW."""

    added: pl.DataFrame
    met: pl.DataFrame


def cli_rows(
    ready: pl.DataFrame,
    numbers: pl.DataFrame,
    live_in_affinity: pl.DataFrame,
    live_by_ledger: pl.DataFrame,
    by_category: Mapping[str, CliProfile],
    *,
    ended: pl.DataFrame | None = None,
    expands_ranges: bool = False,
) -> CliRows:
    """The CLI rows (ADD) of a batch.

    Args:
        ready: the batch's charges: `customer_ref`, `site_ref`, `cli`, `cli_type`, `bill_start_on`,
            `asset_id`; one row per charge, `cli` null where it needs none.
        numbers: additional numbers of those charges' assets: `asset_id`, `cli`, `range_end`,
            `start_on`, `end_on` as The Layer writes them, and `base_category`, `needs_cli` of the
            asset's product.
        live_in_affinity: `site_ref`, `cli` as Affinity writes it, `end_on` (null = open).
        live_by_ledger: `site_ref`, `cli`, `lives_until` (null = open) of what we added, or are
            adding.
        by_category: the profile's CLI profiles.
        ended: `site_ref`, `cli` of what an undo ended, and `ended_on`: it had begun, and so ended,
            on that day. Not live, whatever Affinity's list said when it was made.
        expands_ranges: each number of a range is a row of its own.

    Returns:
        One row per (`site_ref`, `cli`), in no order. One that an undo ended on its start date or
        later is opened again by an UPDATE: the key of its ADD was accepted once.

    Source: contract section 4, "CLI row"; rulings 8, 19, 20.
    """
    needed = _needed(ready)
    live = lives_in_affinity(live_in_affinity)
    if ended is not None:
        live = live.join(ended, on=_WHERE, how="anti")
    wanted = _needed(_uncovered(ready, live_by_ledger))
    main = _not_among(wanted, there := already_there(wanted, live))
    # where the number they hang on begins anew, so do they
    begun = pl.concat([wanted, _not_among(needed, wanted)])
    every_number = _additional(ready, begun, numbers, by_category)
    if expands_ranges:
        every_number = each_number(every_number)
    ranges = every_number.drop_nulls("range_end").select(*_WHERE, adds_range="range_end")
    added = every_number.unique(_WHERE, keep="first", maintain_order=True)
    main = (
        main.join(ranges.unique(_WHERE, keep="first", maintain_order=True), on=_WHERE, how="left")
        .with_columns(pl.col("adds_range").alias("range_end"))
        .select(list(CLI_ROW))
    )
    added = _not_among(added, already_there(added, live_by_ledger))
    others = _not_among(added, numbers_there := already_there(added, live))
    rows = pl.concat([main, _not_among(others, main).select(list(CLI_ROW))])
    met = pl.concat([there, _not_among(numbers_there, there).select(list(CLI_ROW))])
    return CliRows(rows if ended is None else opened_again(rows, ended), met)


def _not_among(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    return rows.join(others, on=_WHERE, how="anti")


def opened_again(rows: pl.DataFrame, ended: pl.DataFrame) -> pl.DataFrame:
    """`rows` (CLI_ROW), but what an undo ended on its start date or later is opened by an UPDATE.

    `ended`: as `cli_rows` takes it.
    """
    was_there = (pl.col("ended_on") >= pl.col("start_on")).fill_null(value=False)
    return (
        rows.join(ended, on=_WHERE, how="left")
        .with_columns(pl.when(was_there).then(pl.lit("UPDATE")).otherwise("action").alias("action"))
        .select(list(CLI_ROW))
    )


def _needed(ready: pl.DataFrame) -> pl.DataFrame:
    return (
        ready.filter(pl.col("cli").is_not_null())
        .group_by(_WHERE)
        .agg(
            pl.col("customer_ref").min(),
            pl.lit("ADD").first().alias("action"),
            # one charge that reads it as a UK number is enough to know its kind
            pl.coalesce(
                pl.col("cli_type").filter(pl.col("cli_type") != CliType.OTHER).min(),
                pl.lit(CliType.OTHER.value),
            )
            .first()
            .alias("cli_type"),
            pl.lit(None, dtype=pl.String).first().alias("range_end"),
            pl.col("bill_start_on").min().alias("start_on"),
            pl.lit(None, dtype=pl.Date).first().alias("end_on"),
            pl.lit(None, dtype=pl.String).first().alias("previous_cli"),
            pl.col("asset_id").min(),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in CLI_ROW.items())
    )


def _uncovered(ready: pl.DataFrame, live_by_ledger: pl.DataFrame) -> pl.DataFrame:
    """Charges that begin while nothing of ours lives on their CLI; one may have ended before."""
    covered = (
        ready.select(*_WHERE, "bill_start_on")
        .unique()
        .join(live_by_ledger, on=_WHERE)
        .filter(
            pl.col("lives_until").is_null() | (pl.col("lives_until") >= pl.col("bill_start_on"))
        )
    )
    return ready.join(covered, on=[*_WHERE, "bill_start_on"], how="anti")


def _additional(
    ready: pl.DataFrame,
    needed: pl.DataFrame,
    numbers: pl.DataFrame,
    by_category: Mapping[str, CliProfile],
) -> pl.DataFrame:
    hangs_on = (
        ready.filter(pl.col("asset_id").is_not_null())
        .join(needed.select(*_WHERE, cli_start="start_on"), on=_WHERE, how="left")
        .group_by("asset_id", "site_ref")
        .agg(
            pl.col("customer_ref").min(),
            pl.coalesce(pl.col("cli_start").min(), pl.col("bill_start_on").min()).alias("starts"),
        )
    )
    return (
        clean_numbers(numbers, by_category)
        .join(hangs_on, on="asset_id")
        .with_columns(
            pl.coalesce("start_on", "starts").alias("start_on"),
            pl.lit("ADD").alias("action"),
            pl.lit(None, dtype=pl.String).alias("previous_cli"),
        )
        .sort(*_WHERE, "start_on", "asset_id", "range_end", nulls_last=True)
        .select(pl.col(name).cast(dtype) for name, dtype in CLI_ROW.items())
    )


def moved_here(rows: pl.DataFrame, movable: pl.DataFrame) -> pl.DataFrame:
    """`rows` (CLI_ROW), but a CLI that Affinity has elsewhere is moved, not added a second time.

    Args:
        rows: what the batch would add.
        movable: `customer_ref`, `site_ref`, `cli` as Affinity writes it, `end_on`: at another site
            of the customer, where nothing of ours stands on it.

    Returns:
        The rows, with `previous_site_ref` (null where nothing moves); an UPDATE where one moves.
    """
    elsewhere = (
        lives_in_affinity(movable)
        .with_columns(movable["customer_ref"])
        .select("customer_ref", "cli", "lives_until", previous_site_ref="site_ref")
        .sort("previous_site_ref")
    )
    moving = (
        rows.filter(pl.col("action") == "ADD")
        .select("customer_ref", *_WHERE, "start_on")
        .join(elsewhere, on=["customer_ref", "cli"])
        .filter((pl.col("previous_site_ref") != pl.col("site_ref")) & lives_at_the_start())
        .unique("cli", keep="first", maintain_order=True)
        .select(*_WHERE, "previous_site_ref")
    )
    return rows.join(moving, on=_WHERE, how="left").with_columns(
        pl.when(pl.col("previous_site_ref").is_not_null())
        .then(pl.lit("UPDATE"))
        .otherwise("action")
        .alias("action")
    )


def clis_live_elsewhere(rows: pl.DataFrame, live_in_affinity: Iterable[pl.DataFrame]) -> int:
    """How many of the CLIs to add are live in Affinity at another site: a warning, still an ADD.

    What has ended there before it is to start is not live. `live_in_affinity` comes in batches.
    """
    added = rows.filter(pl.col("action") == "ADD").select(*_WHERE, "start_on")
    elsewhere = [
        added.join(
            lives_in_affinity(batch).select("cli", "lives_until", other="site_ref"), on="cli"
        )
        .filter((pl.col("other") != pl.col("site_ref")) & lives_at_the_start())
        .select("cli")
        for batch in live_in_affinity
    ]
    return pl.concat([added.select("cli").clear(), *elsewhere]).n_unique()
