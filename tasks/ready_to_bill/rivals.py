"""The holds that come from other lines: one CLI in two lives, one charge sold twice.

Pure polars. Counted, never paired: a CLI that ten thousand assets share costs no more than ten
thousand that are shared by nobody.
"""

from datetime import date

import polars as pl

from schemas.charge import CHARGE_KEY
from schemas.vocabulary import Disposition, HoldReason, ItemType

_EVER_SINCE = date(1, 1, 1)
_FOR_EVER = date(9999, 12, 31)

DUPLICATE_KEY = ("site_id", "cli", "sku", "charge_type", "bill_start_on")
"""What two charges share when one of them is probably a second sale of the same thing."""


def cli_conflicts(
    claims: pl.DataFrame,
    lives: pl.DataFrame,
    ancestors: pl.DataFrame,
    replaced: pl.DataFrame,
) -> pl.DataFrame:
    """The claims whose CLI another live root service asset holds at the same time.

    Args:
        claims: CLAIM_SCHEMA. Only those whose A is itself a Service asset are judged.
        lives: `asset_id`, `cli` (cleaned), `connection_on`, `cease_on` of live root service assets;
            null dates are open.
        ancestors: `asset_id`, `other_id`: every asset above another; they never count.
        replaced: `asset_id`, `other_id`: what New & Cease lines that became `asset_id` replace; the
            exemption is one-way.

    Returns:
        CHARGE_KEY and `reason`, one row per conflicting charge, in no order.

    Source: contract section 3, `cli_conflict`; ruling 14. A life that ends before it starts
    overlaps nothing; both ends of a life are inside it.
    """
    spans = _as_spans(lives)
    judged = _as_spans(claims.filter(pl.col("asset_item_type") == ItemType.SERVICE))
    if judged.is_empty() or spans.is_empty():
        return _reasons(judged.clear(), HoldReason.CLI_CONFLICT)
    begun = _running_count(spans, "starts")
    ended = _running_count(spans, "ends")
    overlapping = (
        judged.sort("ends")
        .join_asof(begun, left_on="ends", right_on="starts", by="cli", check_sortedness=False)
        .rename({"count": "begun"})
        .sort("starts")
        .join_asof(
            ended,
            left_on="starts",
            right_on="ends",
            by="cli",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .rename({"count": "ended"})
    )
    excused = (
        _meeting(_never_counting(judged, ancestors, replaced), judged, spans)
        .group_by(CHARGE_KEY)
        .agg(pl.len().cast(pl.Int64).alias("excused"))
    )
    conflicting = overlapping.join(excused, on=CHARGE_KEY, how="left").filter(
        pl.col("begun").fill_null(0) - pl.col("ended").fill_null(0) - pl.col("excused").fill_null(0)
        > 0
    )
    return _reasons(conflicting, HoldReason.CLI_CONFLICT)


def others_on_cli(
    claims: pl.DataFrame,
    lives: pl.DataFrame,
    ancestors: pl.DataFrame,
    replaced: pl.DataFrame,
) -> pl.DataFrame:
    """Whom `cli_conflicts` counts against each of a line's claims.

    Paired, so not for all claims: one row per claim and life that it meets.

    Args:
        claims: as `cli_conflicts` takes them, and so the rest.
        lives: at least those on the claims' CLIs.
        ancestors: at least those of the claims' assets.
        replaced: at least those of the claims' assets.

    Returns:
        CHARGE_KEY and `other`, the other asset, in no order.
    """
    spans = _as_spans(lives)
    judged = _as_spans(claims.filter(pl.col("asset_item_type") == ItemType.SERVICE))
    on_it = judged.select(*CHARGE_KEY, "cli").join(spans.select("cli", other="asset_id"), on="cli")
    return (
        _meeting(on_it.drop("cli"), judged, spans)
        .join(_never_counting(judged, ancestors, replaced), on=[*CHARGE_KEY, "other"], how="anti")
        .select(*CHARGE_KEY, "other")
        .unique()
    )


def suspected_duplicates(claims: pl.DataFrame, handed_over: pl.DataFrame) -> pl.DataFrame:
    """The claims that another line's charge makes look like a second sale.

    Args:
        claims: CLAIM_SCHEMA with dispositions after every other hold.
        handed_over: `line_id` and DUPLICATE_KEY of charges exported or in billing by our ledger.

    Returns:
        CHARGE_KEY and `reason`, one row per suspected charge, in no order.

    Source: contract section 3, `suspected_duplicate`; ruling 15. Only clean, exported or handed
    over charges make others suspect; held ones list it too, but make nobody suspect.
    """
    whole = claims.drop_nulls(DUPLICATE_KEY)
    twins = _making_suspect(whole, handed_over)
    counted = twins.group_by(DUPLICATE_KEY).agg(pl.len().cast(pl.Int64).alias("twins"))
    own = twins.select("line_id", *DUPLICATE_KEY, pl.lit(1, pl.Int64).alias("own"))
    suspects = (
        whole.join(counted, on=DUPLICATE_KEY)
        .join(own, on=["line_id", *DUPLICATE_KEY], how="left")
        .filter(pl.col("twins") - pl.col("own").fill_null(0) > 0)
    )
    return _reasons(suspects, HoldReason.SUSPECTED_DUPLICATE)


def others_sold(line_id: str, claims: pl.DataFrame, handed_over: pl.DataFrame) -> pl.DataFrame:
    """Whose charges `suspected_duplicates` counts against each of a line's claims.

    Args:
        line_id: the line that is asked about.
        claims: as `suspected_duplicates` takes them; at least those like the line's, and its own.
        handed_over: likewise.

    Returns:
        CHARGE_KEY and `other`, the other line, in no order.
    """
    whole = claims.drop_nulls(DUPLICATE_KEY)
    others = _making_suspect(whole, handed_over).rename({"line_id": "other"})
    return (
        whole.filter(pl.col("line_id") == line_id)
        .join(others, on=DUPLICATE_KEY)
        .filter(pl.col("other") != line_id)
        .select(*CHARGE_KEY, "other")
        .unique()
    )


def _making_suspect(claims: pl.DataFrame, handed_over: pl.DataFrame) -> pl.DataFrame:
    """`line_id` and DUPLICATE_KEY of what makes another line's charge of its kind suspect."""
    return pl.concat(
        [
            claims.filter(pl.col("disposition") == Disposition.READY).select(
                "line_id", *DUPLICATE_KEY
            ),
            handed_over.select("line_id", *DUPLICATE_KEY),
        ]
    ).unique()


def _never_counting(
    judged: pl.DataFrame, ancestors: pl.DataFrame, replaced: pl.DataFrame
) -> pl.DataFrame:
    """CHARGE_KEY and `other`: a claim's own asset, those above it, and what it replaces."""
    return pl.concat(
        [
            judged.select(*CHARGE_KEY, other="asset_id"),
            judged.select(*CHARGE_KEY, "asset_id")
            .join(pl.concat([ancestors, replaced]), on="asset_id")
            .select(*CHARGE_KEY, other="other_id"),
        ]
    ).unique()


def _meeting(pairs: pl.DataFrame, judged: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """Those of `pairs` (CHARGE_KEY and `other`) that hold the claim's CLI at the same time."""
    return (
        pairs.join(judged.select(*CHARGE_KEY, "cli", "starts", "ends"), on=CHARGE_KEY)
        .join(
            spans.select("cli", other="asset_id", their_start="starts", their_end="ends"),
            on=["cli", "other"],
        )
        .filter(
            (pl.col("their_start") <= pl.col("ends")) & (pl.col("their_end") >= pl.col("starts"))
        )
    )


def _as_spans(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        pl.col("connection_on").fill_null(_EVER_SINCE).alias("starts"),
        pl.col("cease_on").fill_null(_FOR_EVER).alias("ends"),
    ).filter(pl.col("starts") <= pl.col("ends"))


def _running_count(spans: pl.DataFrame, day: str) -> pl.DataFrame:
    return (
        spans.group_by("cli", day)
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .sort(day)
        .with_columns(pl.col("count").cum_sum().over("cli"))
    )


def _reasons(charges: pl.DataFrame, reason: HoldReason) -> pl.DataFrame:
    return charges.select(*CHARGE_KEY, pl.lit(reason.value).alias("reason"))
