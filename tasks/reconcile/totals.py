"""What a reconciliation comes to: counts and money by class, and the verdict. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from schemas.receipts import ClassTotal, Delayed, FeedOfRun, ReconcileReceipt, Repair
from schemas.sides import RESTATED
from schemas.vocabulary import FINE, Reconciled, Verdict
from tasks.reconcile.classes import Reconciliation

_SUMMED = (
    "layer_records",
    "affinity_records",
    "layer_per_month",
    "affinity_per_month",
    "layer_once",
    "affinity_once",
)


def receipt_of(
    matches: pl.DataFrame,
    *,
    as_of: date,
    known_at: date | None,
    snapshots: Sequence[FeedOfRun],
    restated: pl.DataFrame,
    clock: pl.DataFrame,
    repair: pl.DataFrame,
    certificate: Path,
    is_partial: bool = False,
) -> ReconcileReceipt:
    """The receipt of MATCH `matches` and what follows from them (RESTATED, CLOCK, REPAIR).

    Every class is named, those with nothing in them too. `is_partial`: what was compared is not all
    there is.
    """
    found = _totals(matches, "class")
    classes = {each.value: found.get((each.value,), ClassTotal()) for each in Reconciled}
    reasons = _totals(matches.drop_nulls("why"), "class", "why")
    delivered = [each.as_of for each in snapshots if each.accepted is not None]
    return ReconcileReceipt(
        as_of=as_of,
        known_at=known_at,
        snapshot_on=delivered[0] if delivered else None,
        verdict=_verdict(classes, is_partial=is_partial),
        classes=classes,
        reasons={(kind, why): total for (kind, why), total in reasons.items()},
        total=_totals(matches.with_columns(every=pl.lit("")), "every").get(("",), ClassTotal()),
        restated=restated.height,
        delays=_delays(clock),
        repairs=_first(repair),
        certificate=certificate,
    )


def _delays(clock: pl.DataFrame) -> dict[str, Delayed]:
    summed = (
        clock.group_by("kind")
        .agg(
            pl.len().alias("records"),
            pl.col("per_month", "once").sum(),
            pl.col("age_days").max().fill_null(0).alias("oldest_days"),
        )
        .sort("kind")
    )
    return {row.pop("kind"): Delayed(**row) for row in summed.to_dicts()}


_FIRST = 5


def _first(repair: pl.DataFrame) -> tuple[Repair, ...]:
    steps = (
        repair.filter(pl.col("step") <= _FIRST)
        .group_by("step", maintain_order=True)
        .agg(pl.struct("reason", "subject").alias("fixes"), pl.col("charges", *_TOLD[1:]).first())
    )
    return tuple(
        Repair(
            fixes=tuple((fix["reason"], fix["subject"]) for fix in row["fixes"]),
            charges=row["charges"],
            per_month=row["per_month"],
            once=row["once"],
        )
        for row in steps.to_dicts()
    )


def restated(then: Reconciliation, now: Reconciliation) -> pl.DataFrame:
    """RESTATED: records that a day shows otherwise by what is known now than by what was then."""
    before, after = (_by_charge(each) for each in (then, now))
    both = before.join(
        after, on=["side", "record_key"], how="full", coalesce=True, suffix="_now"
    ).rename({name: f"{name}_then" for name in _TOLD})
    is_same = pl.all_horizontal(
        pl.col(f"{name}_then").eq_missing(pl.col(f"{name}_now")) for name in _TOLD
    )
    # what came later, and has no money and no fault on the day, is no news of that day
    is_nothing = pl.all_horizontal(
        *(
            pl.col(f"class_{when}").is_null() | pl.col(f"class_{when}").is_in(FINE)
            for when in _CLOCKS
        ),
        *(
            pl.col(f"{money}_{when}").fill_null(0) == 0
            for money in ("per_month", "once")
            for when in _CLOCKS
        ),
    )
    return both.filter(~is_same & ~is_nothing).select(RESTATED.names()).sort("side", "record_key")


_CLOCKS = ("then", "now")

_TOLD = ("class", "per_month", "once")


def _by_charge(found: Reconciliation) -> pl.DataFrame:
    """Every record, the stretches of a charge as one: that it was cut since restates nothing."""
    stretches = found.layer.select(
        pl.lit("layer").alias("side"),
        pl.col("layer_key").alias("record_key"),
        pl.when(pl.col("layer_key").str.starts_with("line:"))
        .then(pl.concat_str(pl.lit("line:"), "line_id", pl.lit(":"), "charge_type"))
        .otherwise("layer_key")
        .alias("charge_key"),
        "bills",
    )
    records = found.records().join(stretches, on=["side", "record_key"], how="left")
    return (
        records.with_columns(pl.coalesce("charge_key", "record_key").alias("record_key"))
        .sort("bills", "class", descending=[True, False], nulls_last=True)
        .group_by("side", "record_key")
        .agg(pl.col("class").first(), pl.col("per_month", "once").sum())
        .select("side", "record_key", *_TOLD)
    )


def _totals(matches: pl.DataFrame, *by: str) -> dict[tuple[str, ...], ClassTotal]:
    summed = matches.group_by(by).agg(pl.len().alias("matches"), pl.col(*_SUMMED).sum()).sort(by)
    return {
        tuple(row[name] for name in by): ClassTotal(
            **{name: value for name, value in row.items() if name not in by}
        )
        for row in summed.to_dicts()
    }


def _verdict(classes: Mapping[str, ClassTotal], *, is_partial: bool) -> str:
    """Clean only where everything was compared and nothing is left open."""
    compared = sum(each.matches for each in classes.values())
    if compared == 0 or is_partial or classes[Reconciled.UNRECONCILED].matches:
        return Verdict.UNRECONCILED.value
    if any(total.matches for kind, total in classes.items() if kind not in FINE):
        return Verdict.DIFFERENCES.value
    return Verdict.CLEAN.value
