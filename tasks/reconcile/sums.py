"""What either side of a match comes to: sums and sets of what bills. Pure polars."""

from datetime import date

import polars as pl

from schemas.sides import UNSOLD
from schemas.vocabulary import ChangeHoldReason, ChangeState, ChargeType, Disposition

UNDER_WAY = [Disposition.EXPORTED.value, Disposition.READY.value]


TO_BILL = [Disposition.IN_BILLING.value, *UNDER_WAY, UNSOLD]
"""Dispositions of what is to be billed in Affinity."""


def value_of() -> pl.Expr:
    """What a record is worth in a period of its billing; null where it does not say."""
    return pl.col("quantity").cast(pl.Decimal(38, 0)) * pl.col("unit_price")


def is_to_come(layer: pl.DataFrame, affinity: pl.DataFrame) -> pl.DataFrame:
    """`match_id` of matches of which nothing bills yet, and both sides are to: compared as if."""
    bills = pl.concat([side.select("match_id", "bills") for side in (layer, affinity)])
    idle = bills.group_by("match_id").agg(pl.col("bills").any()).filter(~pl.col("bills"))
    both = layer.filter("comes").join(affinity.filter("comes"), on="match_id", how="semi")
    return idle.join(both, on="match_id", how="semi").select("match_id", is_to_come=True)


def counted(side: pl.DataFrame, to_come: pl.DataFrame) -> pl.DataFrame:
    """A side with `counts`: it bills on the day, or is to come on both sides."""
    return side.join(to_come, on="match_id", how="left", maintain_order="left").with_columns(
        (pl.col("bills") | pl.col("is_to_come")).fill_null(value=False).alias("counts")
    )


def same_all_along(layer: pl.DataFrame, affinity: pl.DataFrame) -> pl.DataFrame:
    """Whether as many begin, and end, on each day on both sides: `same_starts`, `same_ends`.

    A sum that is right on one day only is not the same. A start that Affinity does not say is taken
    for any.
    """
    unsaid = affinity.filter("counts", pl.col("start_on").is_null()).select("match_id")
    others = {
        name: _per_day(layer, day)
        .join(
            _per_day(affinity, day),
            on=["match_id", day],
            how="full",
            coalesce=True,
            nulls_equal=True,
        )
        .filter(pl.col("quantity").ne_missing(pl.col("quantity_right")))
        .select(pl.col("match_id").unique(), pl.lit(value=False).alias(name))
        for day, name in (("start_on", "same_starts"), ("end_on", "same_ends"))
    }
    starts = others["same_starts"].join(unsaid, on="match_id", how="anti")
    return starts.join(others["same_ends"], on="match_id", how="full", coalesce=True)


def _per_day(side: pl.DataFrame, day: str) -> pl.DataFrame:
    counts = side.filter("counts")
    return counts.group_by("match_id", day).agg(pl.col("quantity").sum().alias("quantity"))


STOPS = ("do_not_bill", "route", "is_live")
"""The changes that end a charge without naming a day."""

_ABOUT = {
    "quantity": ("quantity",),
    "unit_price": ("unit_price",),
    "sku": ("sku",),
    "site_ref": ("site",),
    "cli": ("cli",),
    "start_on": ("bill_start",),
    "end_on": ("bill_end", *STOPS),
}
"""What a change is about, by the column that it changes."""


def as_told(layer: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Ours with `told_*` as Affinity has it if it bills what it was told, and `told_counts`.

    That is as we have it, but for what a change is about. An end that is refused or held is none
    that Affinity has still to be told.
    """
    changing = pl.col("changing").fill_null("").str.split(",")
    layer = layer.with_columns(
        pl.when(changing.list.set_intersection(list(fields)).list.len() > 0)
        .then(f"told_{name}")
        .otherwise(name)
        .alias(f"told_{name}")
        for name, fields in _ABOUT.items()
    )
    recurring = pl.col("charge_type") == ChargeType.RECURRING
    begins = (pl.col("told_start_on") <= as_of).fill_null(value=True)
    has_ended = (recurring & (pl.col("told_end_on") < as_of)).fill_null(value=False)
    is_refused = (pl.col("change_state") == ChangeState.HELD) & ~waits_for_another()
    is_billed = begins & ~has_ended & (pl.col("counts") | ~is_refused)
    return layer.with_columns(
        pl.when(pl.col("change_state").is_null() | pl.col("is_to_come"))
        .then("counts")
        .otherwise(is_billed)
        .alias("told_counts")
    )


def waits_for_another() -> pl.Expr:
    """What a New & Cease replaces goes on until that is ready."""
    waits = pl.col("reasons").str.contains(ChangeHoldReason.PAIR_WAITING.value)
    return waits.fill_null(value=False)


def summed_layer(layer: pl.DataFrame) -> pl.DataFrame:
    """Ours of each match: what of them bills on the day, and what may explain a difference."""
    bills = pl.col("bills")
    return layer.group_by("match_id").agg(
        pl.len().alias("layer_records"),
        bills.any().alias("ours_bill"),
        pl.col("charge_type").min(),
        # of several it is not known whose Affinity's row is
        pl.when(pl.col("frequency").n_unique() == 1).then(pl.col("frequency").min()),
        pl.col("is_to_come").any(),
        (pl.col("comes").any() & ~bills.any()).alias("we_come"),
        *_sides("ours"),
        *_told_sides(),
        pl.col("stands_from").min(),
        pl.col("start_on").min().alias("our_start"),
        pl.col("end_on").max().alias("our_end"),
        pl.col("end_on").null_count().alias("our_open_ends"),
        pl.col("same_from").max().alias("our_same_from"),
        pl.col("known_from")
        .filter(pl.col("change_state").is_not_null())
        .max()
        .alias("our_change_from"),
        pl.col("end_on").filter("counts").n_unique().alias("our_ends"),
        pl.col("end_is_unknown").fill_null(value=False).any().alias("our_end_is_unknown"),
        pl.col("source_gone_from").filter("is_gone").min(),
        pl.col("disposition", "reasons").sort_by(~bills, "layer_key").first(),
        pl.col("group_key").is_not_null().any().alias("is_grouped"),
        (pl.col("change_state") == ChangeState.HELD).any().alias("change_is_held"),
        pl.col("change_state").is_not_null().any().alias("is_changing"),
        pl.col("changing").drop_nulls().str.split(",").list.explode().unique(),
    )


def summed_affinity(affinity: pl.DataFrame) -> pl.DataFrame:
    """The same of Affinity's, and whether it says what it bills."""
    bills = pl.col("bills")
    return affinity.group_by("match_id").agg(
        pl.len().alias("affinity_records"),
        pl.col("charge_type").min().alias("their_type"),
        bills.any().alias("theirs_bill"),
        (pl.col("comes").any() & ~bills.any()).alias("they_come"),
        *_sides("theirs"),
        pl.col("start_on").unique().alias("their_starts"),
        (pl.col("start_on").is_null() & pl.col("counts")).any().alias("theirs_starts_any"),
        pl.col("start_on").min().alias("their_start"),
        pl.col("end_on").max().alias("their_end"),
        pl.col("end_on").null_count().alias("their_open_ends"),
        pl.col("same_from").max().alias("their_same_from"),
        (
            (pl.col("quantity").is_null() | pl.col("unit_price").is_null() | pl.col("is_untyped"))
            & bills
        )
        .any()
        .alias("is_unknown"),
        pl.col("is_rejected").any(),
        pl.col("is_gone").fill_null(value=False).any().alias("theirs_is_gone"),
    )


def _sides(side: str) -> list[pl.Expr]:
    """What bills on the day, or is to come on both sides: in sum and as sets."""
    bills = pl.col("counts")
    return [
        pl.col("quantity").filter(bills).sum().alias(f"{side}_quantity"),
        value_of().filter(bills).sum().alias(f"{side}_value"),
        *(
            pl.col(name).filter(bills).unique().sort().alias(f"{side}_{name}")
            for name in ("unit_price", "sku", "site_ref", "cli")
        ),
        pl.col("start_on").filter(bills).min().alias(f"{side}_start"),
        pl.when(pl.col("end_on").filter(bills).null_count() == 0)
        .then(pl.col("end_on").filter(bills).max())
        .alias(f"{side}_end"),
        bills.sum().alias(f"{side}_counted"),
    ]


def _told_sides() -> list[pl.Expr]:
    """The same of what Affinity was last told."""
    told, counts = pl.col("told_quantity"), pl.col("told_counts")
    ends = pl.col("told_end_on").filter(counts)
    return [
        told.filter(counts).sum().alias("told_quantity"),
        (told.cast(pl.Decimal(38, 0)) * pl.col("told_unit_price"))
        .filter(counts)
        .sum()
        .alias("told_value"),
        *(
            pl.col(f"told_{name}").filter(counts).unique().sort().alias(f"told_{name}")
            for name in ("unit_price", "sku", "site_ref", "cli")
        ),
        pl.col("told_start_on").min().alias("told_start"),
        pl.when(ends.null_count() == 0).then(ends.max()).alias("told_end"),
    ]
