"""Money that is late, or taken and must not be, by age. Pure polars."""

from datetime import date

import polars as pl

from schemas.sides import CLOCK
from schemas.vocabulary import Delay, Disposition, Reconciled, Why
from tasks.reconcile.classes import Reconciliation


def money_clock(
    found: Reconciliation, as_of: date, *, seen_on: date | None, waits_at_most: int
) -> pl.DataFrame:
    """CLOCK: what is held, waits for too many days, was never seen, or bills after its end.

    A held or waiting charge is as old as it has been so; what is to go on and is held, as both
    sides have been as they are; what Affinity never showed as old as its first day; what it bills
    after the end as the first day too many.

    `seen_on`: the day of the snapshot that says what Affinity bills; null: none does.
    """
    matches = found.matches.select(
        "match_id",
        "class",
        "since",
        "age_days",
        "affinity_records",
        ((pl.col("why") == Why.HELD) & (pl.col("fields") == "status"))
        .fill_null(value=False)
        .alias("goes_on_held"),
    )
    is_not_shown = _is_not_shown(seen_on)
    theirs_from = found.affinity.group_by("match_id").agg(
        pl.col("same_from").max().alias("their_same_from")
    )
    ours = found.layer.join(matches, on="match_id").join(theirs_from, on="match_id", how="left")
    ours = ours.with_columns(
        pl.when((pl.col("disposition") == Disposition.HELD) | _is_held_back())
        .then(pl.lit(Delay.HELD.value))
        .when(pl.col("disposition") == Disposition.WAITING)
        .then(pl.lit(Delay.WAITING_TOO_LONG.value))
        .when((pl.col("class") == Reconciled.ONLY_IN_LAYER) | is_not_shown)
        .then(pl.lit(Delay.NEVER_SEEN.value))
        .alias("kind")
    )
    stands = pl.col("kind").is_in([Delay.HELD.value, Delay.WAITING_TOO_LONG.value]) | is_not_shown
    ours = ours.with_columns(
        pl.when(_is_held_back())
        .then(pl.max_horizontal("same_from", "their_same_from"))
        .when(stands)
        .then("stands_from")
        .otherwise("since")
        .alias("since")
    ).with_columns((pl.lit(as_of) - pl.col("since")).dt.total_days().clip(0).alias("age_days"))
    is_patient = (pl.col("kind") == Delay.WAITING_TOO_LONG) & (pl.col("age_days") <= waits_at_most)
    theirs = found.affinity.join(
        matches.filter(pl.col("class") == Reconciled.CEASED_BUT_BILLING), on="match_id"
    )
    clock = pl.concat(
        [
            ours.drop_nulls("kind")
            .filter(~is_patient)
            .select(
                "kind",
                pl.lit("layer").alias("side"),
                pl.col("layer_key").alias("record_key"),
                "match_id",
                "since",
                "age_days",
                pl.col("worth_per_month").alias("per_month"),
                pl.col("worth_once").alias("once"),
            ),
            theirs.filter("bills").select(
                pl.lit(Delay.CEASED_BUT_BILLING.value).alias("kind"),
                pl.lit("affinity").alias("side"),
                pl.col("object_uid").alias("record_key"),
                "match_id",
                "since",
                "age_days",
                "per_month",
                "once",
            ),
        ]
    )
    return clock.cast(CLOCK).sort("kind", "side", "record_key")


def _is_held_back() -> pl.Expr:
    """It is to go on, Affinity has ended it, and what tells that is held."""
    return pl.col("goes_on_held") & pl.col("bills")


def _is_not_shown(seen_on: date | None) -> pl.Expr:
    """It was handed over before Affinity was looked at, and is not there."""
    return (
        (pl.col("disposition") == Disposition.EXPORTED)
        & (pl.col("affinity_records") == 0)
        & (pl.col("stands_from") < pl.lit(seen_on, dtype=pl.Date))
    ).fill_null(value=False)
