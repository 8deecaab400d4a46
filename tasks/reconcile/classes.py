"""What a match comes to: its class, what differs, the money of both sides, the remedy. Pure polars.

Each rule says what is so on the as-of day. The first that holds decides, so every match, and with
it every record of either side, has exactly one class.
"""

from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import NamedTuple

import polars as pl

from schemas.cli_text import read_uk_number
from schemas.sides import LINE_MISSING, LINE_REJECTED, MATCH, UNSOLD
from schemas.tables import VALUE
from schemas.vocabulary import (
    ChargeType,
    Disposition,
    Frequency,
    Reconciled,
    Remedy,
    Why,
)
from tasks.reconcile.matching import match
from tasks.reconcile.sums import (
    STOPS,
    TO_BILL,
    UNDER_WAY,
    as_told,
    counted,
    is_to_come,
    same_all_along,
    summed_affinity,
    summed_layer,
    value_of,
    waits_for_another,
)
from tasks.reconcile.wholeness import NOTHING_KNOWN

MONTHS = {Frequency.MONTHLY: 1, Frequency.QUARTERLY: 3, Frequency.ANNUAL: 12}

_WAITS = [each.value for each in (Why.IN_FLIGHT, Why.HELD, Why.WAITING)]

_WHY = {
    Disposition.EXPORTED: Why.IN_FLIGHT,
    Disposition.READY: Why.IN_FLIGHT,
    Disposition.WAITING: Why.WAITING,
    Disposition.HELD: Why.HELD,
    Disposition.DO_NOT_BILL: Why.DO_NOT_BILL,
    Disposition.BILLED_IN_LAYER: Why.OTHER_ROUTE,
    Disposition.OTHER_PLATFORM: Why.OTHER_ROUTE,
    Disposition.CANCELLED: Why.CANCELLED,
    Disposition.AMENDMENT: Why.CANCELLED,
    Disposition.NOT_APPLICABLE: Why.CANCELLED,
}
"""Why a charge that Affinity does not bill need not be there."""


@dataclass(frozen=True)
class ReconcileTerms:
    """The day, and how whole the two sides are on it.

    `snapshot`: why nothing at all can be said of Affinity (no snapshot, too old), or that it is
    partial: then what is not in it may be there all the same. `feeds_are_partial` is the same of
    The Layer's feeds. `has_strangers`: the last feeds had broken records of lines or assets that
    nobody ever knew. `waits_at_most`: days for which what is under way explains anything.
    """

    as_of: date
    snapshot: Why | None = None
    feeds_are_partial: bool = False
    has_strangers: bool = False
    waits_at_most: int = 30


@dataclass(frozen=True)
class Reconciliation:
    """Both sides whole, each record with its `match_id`, `bills` and money; and what was found.

    `layer`: LAYER_SIDE, `affinity`: AFFINITY_SIDE, both with `per_month` and `once`, and with
    `worth_per_month` and `worth_once`: the same as if it billed on the day. `matches`: MATCH, one
    row per match. `terms`: what they were compared by.
    """

    layer: pl.DataFrame
    affinity: pl.DataFrame
    matches: pl.DataFrame
    terms: ReconcileTerms

    def records(self) -> pl.DataFrame:
        """Every record of either side as `side` and `record_key`, with its money and its match."""
        sides = (("layer", "layer_key", self.layer), ("affinity", "object_uid", self.affinity))
        told = self.matches.select("match_id", "class", "why", "fields", "remedy", "since")
        return pl.concat(
            side.select(
                pl.lit(name).alias("side"),
                pl.col(key).alias("record_key"),
                "match_id",
                "per_month",
                "once",
            )
            for name, key, side in sides
        ).join(told, on="match_id")


def reconcile(
    layer: pl.DataFrame,
    affinity: pl.DataFrame,
    edges: pl.DataFrame,
    rejected: pl.DataFrame,
    terms: ReconcileTerms,
) -> Reconciliation:
    """Compare the two sides as of a day.

    Args:
        layer: LAYER_SIDE, one row per `layer_key`.
        affinity: AFFINITY_SIDE, one row per `object_uid`.
        edges: EDGE; those whose records are not there join nothing.
        rejected: `object_uid` of what was sold with a record that the last feeds broke.
        terms: the day, and how whole the sides are.

    Returns:
        Every record of either side exactly once, in exactly one match.
    """
    is_rejected = pl.col("object_uid").is_in(rejected["object_uid"].implode())
    matched = match(
        layer.with_columns(_is_gone(terms.as_of).alias("is_gone")).with_columns(
            _is_to_bill(terms).alias("bills"),
            (_comes(terms.as_of) & _is_wanted(terms)).alias("comes"),
            pl.col("cli").alias("cli_as_written"),
            *(_as_number(name).alias(name) for name in ("cli", "told_cli")),
            # what is under way has its row key on Affinity's row once it is there
            (~_under_way()).alias("may_match"),
        ),
        affinity.with_columns(
            # a blank type is money of every month until somebody says otherwise: never clean
            pl.col("charge_type").is_null().alias("is_untyped"),
            pl.col("charge_type").fill_null(ChargeType.RECURRING.value),
        ).with_columns(
            _covers(terms.as_of).alias("bills"),
            _comes(terms.as_of).alias("comes"),
            pl.col("cli").alias("cli_as_written"),
            _as_number("cli").alias("cli"),
        ),
        edges,
    )
    theirs = _begun_with_ours(
        _without_taken_back(matched.affinity, matched.layer, terms.as_of), matched.layer
    )
    theirs = theirs.with_columns(is_rejected.alias("is_rejected"))
    to_come = is_to_come(matched.layer, theirs)
    layer, affinity = (counted(side, to_come) for side in (matched.layer, theirs))
    both = summed_layer(as_told(layer, terms.as_of)).join(
        summed_affinity(affinity), on="match_id", how="full", coalesce=True
    )
    both = both.join(same_all_along(layer, affinity), on="match_id", how="left")
    both = both.with_columns(
        pl.col("layer_records", "affinity_records").fill_null(0),
        pl.col("ours_bill", "theirs_bill", "is_rejected").fill_null(value=False),
        pl.coalesce("charge_type", "their_type").alias("charge_type"),
        pl.col("is_to_come").fill_null(value=False),
        ((pl.lit(terms.as_of) - pl.col("stands_from")).dt.total_days() > terms.waits_at_most)
        .fill_null(value=False)
        .alias("stands_too_long"),
        ((pl.lit(terms.as_of) - pl.col("our_change_from")).dt.total_days() > terms.waits_at_most)
        .fill_null(value=False)
        .alias("changes_too_long"),
    )
    both = both.with_columns(_differences())
    both = both.with_columns(
        _is_known_change().alias("is_known"), _is_known_end().alias("is_known_end")
    )
    both = both.with_columns(_verdict(terms).alias("verdict")).unnest("verdict")
    # Affinity does not say how often it bills: as often as ours does
    often = both.select("match_id", often="frequency")
    theirs = theirs.join(often, on="match_id", how="left", maintain_order="left")
    ours = _as_written(_with_money(matched.layer, "layer_key", "frequency"))
    theirs = _as_written(_with_money(theirs, "object_uid", "often", "frequency")).drop("often")
    money = _totals(ours, "layer").join(
        _totals(theirs, "affinity"), on="match_id", how="full", coalesce=True
    )
    matches = both.join(money, on="match_id", how="left").with_columns(
        pl.col(*_MONEY).fill_null(0).cast(VALUE)
    )
    matches = matches.with_columns(_since().alias("since")).with_columns(
        _remedy().alias("remedy"),
        (pl.lit(terms.as_of) - pl.col("since")).dt.total_days().clip(0).alias("age_days"),
    )
    matches = matches.select(*MATCH.names()).cast(MATCH).sort("match_id")
    return Reconciliation(ours, theirs, matches, terms)


_MONEY = ("layer_per_month", "affinity_per_month", "layer_once", "affinity_once")


def _recurring() -> pl.Expr:
    return pl.col("charge_type") == ChargeType.RECURRING


def _covers(as_of: date) -> pl.Expr:
    """Whether the days of a record hold the as-of day; a one-off charge has begun by then."""
    has_begun = pl.col("start_on").is_null() | (pl.col("start_on") <= as_of)
    has_ended = (pl.col("end_on") < as_of).fill_null(value=False) & _recurring()
    never_was = (pl.col("end_on") < pl.col("start_on")).fill_null(value=False)
    return has_begun & ~has_ended & ~never_was


def _comes(as_of: date) -> pl.Expr:
    """Whether a record has days, and all of them are later."""
    never_was = (pl.col("end_on") < pl.col("start_on")).fill_null(value=False)
    return (pl.col("start_on") > as_of).fill_null(value=False) & ~never_was


def _is_gone(as_of: date) -> pl.Expr:
    """Its line or asset is in the feeds no more, and was not on the day."""
    return (pl.col("source_gone_from") <= as_of).fill_null(value=False)


def _is_wanted(terms: ReconcileTerms) -> pl.Expr:
    """What is gone is to be billed no more where the feeds are whole, but for what was due once."""
    is_known = ~pl.col("is_gone") | ~_recurring() | pl.lit(terms.feeds_are_partial)
    return is_known & ~_is_taken_back(terms.as_of) & pl.col("disposition").is_in(TO_BILL)


def _is_to_bill(terms: ReconcileTerms) -> pl.Expr:
    return _covers(terms.as_of) & _is_wanted(terms)


def _is_taken_back(as_of: date) -> pl.Expr:
    """A one-off charge of ours with a last day that is past: it was stopped."""
    return (~_recurring() & (pl.col("end_on") < as_of)).fill_null(value=False)


def _without_taken_back(affinity: pl.DataFrame, layer: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Affinity's records without `bills` on one-off charges that were taken back.

    One has a day, not days: an end on it says so where we told it, where another row of it has none
    (it was billed anew), or where the charge is not to be billed there.
    """
    is_one_off = pl.col("charge_type") == ChargeType.UPFRONT
    stands = (is_one_off & pl.col("end_on").is_null() & pl.col("bills")).any().over("match_id")
    unwanted = (~_to_bill() | _is_taken_back(as_of)).all()
    wanted = layer.group_by("match_id").agg(unwanted.alias("is_unwanted"))
    is_so = pl.col("is_taken_back").fill_null(value=False) | stands | pl.col("is_unwanted")
    taken_back = is_one_off & pl.col("end_on").is_not_null() & is_so
    return (
        affinity.join(wanted, on="match_id", how="left", maintain_order="left")
        .with_columns(pl.col("bills") & ~taken_back.fill_null(value=False))
        .drop("is_unwanted")
    )


def _begun_with_ours(affinity: pl.DataFrame, layer: pl.DataFrame) -> pl.DataFrame:
    """Affinity's records; one that does not say its first day begins when ours is to begin."""
    ours = layer.group_by("match_id").agg(
        (pl.col("comes").any() & ~pl.col("bills").any()).alias("we_come")
    )
    comes = pl.col("bills") & pl.col("start_on").is_null() & pl.col("we_come")
    return (
        affinity.join(ours, on="match_id", how="left", maintain_order="left")
        .with_columns(comes.fill_null(value=False).alias("comes_with_ours"))
        .with_columns(
            pl.col("bills") & ~pl.col("comes_with_ours"),
            pl.col("comes") | pl.col("comes_with_ours"),
        )
        .drop("we_come", "comes_with_ours")
    )


def _as_number(name: str) -> pl.Expr:
    """A CLI as numbers are written; what is no number stays as it is.

    Of both sides: by its profile, ours may be any text, and so one that reads as a number too.
    """
    text = pl.col(name).str.strip_chars()
    return pl.coalesce(read_uk_number(text).cleaned, text)


def _as_written(side: pl.DataFrame) -> pl.DataFrame:
    return side.with_columns(pl.col("cli_as_written").alias("cli")).drop("cli_as_written", "comes")


def _differences() -> pl.Expr:
    """The fields in which what bills on both sides differs; of a one-off charge only some count."""
    is_one_each = (pl.col("ours_unit_price").list.len() == 1) & (
        pl.col("theirs_unit_price").list.len() == 1
    )
    price = (
        pl.when(is_one_each)
        .then(pl.col("ours_unit_price") != pl.col("theirs_unit_price"))
        .otherwise(pl.col("ours_value") != pl.col("theirs_value"))
    )
    # a start that Affinity does not say is taken for any
    starts_there = pl.col("theirs_starts_any") | pl.col("their_starts").list.contains(
        pl.col("ours_start"), nulls_equal=True
    )
    is_several = (pl.col("ours_counted") > 1) | (pl.col("theirs_counted") > 1)
    same_sum = pl.col("ours_quantity") == pl.col("theirs_quantity")
    other_starts = is_several & same_sum & ~pl.col("same_starts").fill_null(value=True)
    other_ends = is_several & same_sum & ~pl.col("same_ends").fill_null(value=True)
    # a member that leaves a group before others is told of once its last day is past
    leaves_ahead = pl.col("is_grouped") & (pl.col("our_ends") > 1)
    found = {
        "quantity": pl.col("ours_quantity") != pl.col("theirs_quantity"),
        "unit_price": price,
        "sku": pl.col("ours_sku") != pl.col("theirs_sku"),
        "site": (pl.col("ours_site_ref") != pl.col("theirs_site_ref")) & _recurring(),
        "cli": (pl.col("ours_cli") != pl.col("theirs_cli")) & _recurring(),
        "bill_start": (~starts_there | (other_starts & _recurring()))
        & pl.col("ours_start").is_not_null(),
        "bill_end": (pl.col("ours_end").ne_missing(pl.col("theirs_end")) | other_ends)
        & _recurring()
        & ~pl.col("theirs_is_gone")
        & ~pl.col("our_end_is_unknown")
        & ~leaves_ahead,
    }
    both = (pl.col("ours_bill") & pl.col("theirs_bill")) | pl.col("is_to_come")
    return (
        pl.concat_list(
            pl.when(both & differs.fill_null(value=False)).then(pl.lit(name))
            for name, differs in found.items()
        )
        .list.drop_nulls()
        .alias("differing")
    )


def _is_known_change() -> pl.Expr:
    """Whether all that differs is about to be told, or is held: a change that we know of.

    It explains what Affinity was told before, not whatever Affinity bills instead. Who leaves a
    group changes its quantity.
    """
    as_told_before = {
        "quantity": pl.col("told_quantity") == pl.col("theirs_quantity"),
        "unit_price": (pl.col("told_unit_price") == pl.col("theirs_unit_price"))
        | (pl.col("told_value") == pl.col("theirs_value")),
        "sku": pl.col("told_sku") == pl.col("theirs_sku"),
        "site": pl.col("told_site_ref") == pl.col("theirs_site_ref"),
        "cli": pl.col("told_cli") == pl.col("theirs_cli"),
        "bill_start": _changes("bill_start") & _starts_as_told(),
        "bill_end": _changes("bill_end", *STOPS)
        & pl.col("told_end").eq_missing(pl.col("theirs_end")),
    }
    others = pl.any_horizontal(
        pl.col("differing").list.contains(name) & ~same.fill_null(value=False)
        for name, same in as_told_before.items()
    )
    is_changing = pl.col("is_changing").fill_null(value=False) & ~pl.col("changes_too_long")
    return is_changing & ~others


def _changes(*fields: str) -> pl.Expr:
    """Whether a change is about one of `fields`."""
    return pl.col("changing").fill_null([]).list.set_intersection(list(fields)).list.len() > 0


def _starts_as_told() -> pl.Expr:
    starts = pl.col("their_starts").list.contains(pl.col("told_start"), nulls_equal=True)
    return starts.fill_null(value=False)


def _is_known_end() -> pl.Expr:
    """Whether an end or a start is about to be told.

    One that is refused or held is not: until somebody cares for it, Affinity bills too much. But
    what a New & Cease replaces goes on until that is ready, whose money is on the clock. A start
    explains only what begins as it was told before.
    """
    of_days = _changes("bill_end", "bill_start", *STOPS)
    of_days = of_days & (~_changes("bill_start") | _starts_as_told())
    is_held = pl.col("change_is_held").fill_null(value=False)
    is_told = ~is_held & ~pl.col("changes_too_long")
    is_owed = is_held & pl.col("ours_bill")  # and on the clock as that
    is_known = is_told | is_owed | waits_for_another()
    return pl.col("is_changing").fill_null(value=False) & of_days & is_known


class _Rule(NamedTuple):
    """What is so of a match, and what it then comes to; `fields`: what differs, as text."""

    when: pl.Expr
    kind: Reconciled
    why: pl.Expr | Why | None = None
    fields: pl.Expr | str | None = None


def _verdict(terms: ReconcileTerms) -> pl.Expr:
    """Class, `why` and `fields`: the first rule that holds."""
    rules = [*_unsayable(terms), *_one_side_alone(terms), *_both_sides(terms)]
    return reduce(
        lambda rest, rule: (
            pl.when(rule.when.fill_null(value=False)).then(_said(rule)).otherwise(rest)
        ),
        reversed(rules),
        _said(_Rule(pl.lit(value=True), Reconciled.MATCHED)),
    )


def _said(rule: _Rule) -> pl.Expr:
    why, fields = (
        each if isinstance(each, pl.Expr) else pl.lit(each and str(each), dtype=pl.String)
        for each in (rule.why, rule.fields)
    )
    return pl.struct(
        pl.lit(rule.kind.value).alias("class"), why.alias("why"), fields.alias("fields")
    )


def _unsayable(terms: ReconcileTerms) -> list[_Rule]:
    """Where a side is not known well enough to say anything."""
    theirs_alone = (pl.col("affinity_records") > 0) & (pl.col("layer_records") == 0)
    both = (pl.col("affinity_records") > 0) & (pl.col("layer_records") > 0)
    is_off = (pl.col("differing").list.len() > 0) | (pl.col("ours_bill") != pl.col("theirs_bill"))
    # what a record that is not there may hold: too little on their side, or on ours
    less = pl.col("theirs_value").fill_null(0) < pl.col("ours_value").fill_null(0)
    more = pl.col("theirs_value").fill_null(0) > pl.col("ours_value").fill_null(0)
    rules = [
        _Rule(
            (theirs_alone | (both & is_off)) & pl.col("is_rejected"),
            Reconciled.UNRECONCILED,
            Why.RECORD_IS_REJECTED,
        ),
        # the line that says whether to bill it cannot be read
        _Rule(
            (pl.col("disposition") == UNSOLD) & (pl.col("reasons") == LINE_REJECTED),
            Reconciled.UNRECONCILED,
            Why.RECORD_IS_REJECTED,
        ),
        _Rule(pl.col("is_unknown"), Reconciled.UNRECONCILED, Why.VALUE_IS_MISSING),
    ]
    if terms.snapshot is Why.SNAPSHOT_IS_PARTIAL:
        rules.append(_Rule(both & is_off & less, Reconciled.UNRECONCILED, terms.snapshot))
    if terms.feeds_are_partial:
        # what is gone may be in the part that is not there
        is_gone = pl.col("source_gone_from").is_not_null()
        bills = pl.col("ours_bill") | pl.col("theirs_bill")
        rules.append(_Rule(bills & is_gone, Reconciled.UNRECONCILED, Why.FEEDS_ARE_PARTIAL))
        in_sum = pl.col("is_grouped") | (pl.col("affinity_records") > pl.col("layer_records"))
        rules.append(
            _Rule(both & is_off & more & in_sum, Reconciled.UNRECONCILED, Why.FEEDS_ARE_PARTIAL)
        )
    if terms.snapshot in NOTHING_KNOWN:
        rules.insert(0, _Rule(pl.lit(value=True), Reconciled.UNRECONCILED, terms.snapshot))
    return rules


def _one_side_alone(terms: ReconcileTerms) -> list[_Rule]:
    """Nobody on the other side."""
    ours = (pl.col("layer_records") > 0) & (pl.col("affinity_records") == 0)
    theirs = (pl.col("affinity_records") > 0) & (pl.col("layer_records") == 0)
    has_ended = (
        (pl.col("their_open_ends") == 0) & (pl.col("their_end") < terms.as_of) & _recurring()
    )
    is_unsold = pl.col("disposition") == UNSOLD
    is_lost = is_unsold & (pl.col("reasons") == LINE_MISSING)
    rules = [
        _Rule(theirs & has_ended, Reconciled.EXPLAINED, Why.OVER),
        _Rule(theirs & pl.col("they_come"), Reconciled.EXPLAINED, Why.WAITING),
        _Rule(
            theirs,
            Reconciled.ONLY_IN_AFFINITY,
            # a broken record that nobody knows may be the asset of it
            Why.FEEDS_ARE_PARTIAL if terms.has_strangers else None,
        ),
        _Rule(ours & ~_to_bill(), Reconciled.EXPLAINED, _why_not_there()),
        # nobody has answered for weeks: it may be there or not
        _Rule(ours & _is_lost_on_its_way(), Reconciled.UNRECONCILED, Why.IN_FLIGHT),
        _Rule(ours & _under_way(), Reconciled.EXPLAINED, Why.IN_FLIGHT),
        _Rule(ours & pl.col("we_come"), Reconciled.EXPLAINED, Why.WAITING),
        _Rule(ours & ~pl.col("ours_bill"), Reconciled.EXPLAINED, Why.OVER),
        _Rule(ours & is_lost, Reconciled.ONLY_IN_LAYER, Why.LINE_IS_MISSING),
        _Rule(ours, Reconciled.ONLY_IN_LAYER),
    ]
    if terms.feeds_are_partial:
        rules.insert(2, _Rule(theirs, Reconciled.UNRECONCILED, Why.FEEDS_ARE_PARTIAL))
    if terms.snapshot is not None:
        rules.insert(-2, _Rule(ours, Reconciled.UNRECONCILED, terms.snapshot))
    return rules


def _both_sides(terms: ReconcileTerms) -> list[_Rule]:
    """Both sides know of it: who bills it today, and what differs."""
    we, they = pl.col("ours_bill"), pl.col("theirs_bill")
    differs = pl.col("differing").list.len() > 0
    named = pl.col("differing").list.join(",")
    # where more is owed to us than for those days, what differs goes first
    is_early = (
        (pl.col("theirs_start") < pl.col("ours_start"))
        & pl.col("differing").list.contains("bill_start")
        & (pl.col("theirs_value") >= pl.col("ours_value"))
    )
    not_yet = (pl.col("our_start") > terms.as_of).fill_null(value=False) | (
        pl.col("disposition") == Disposition.WAITING
    )
    other_end = (
        (pl.col("our_open_ends") == 0)
        & (pl.col("their_open_ends") == 0)
        & (pl.col("our_end") != pl.col("their_end"))
        & ~pl.col("our_end_is_unknown")
        & _to_bill()
        & _recurring()
    )
    known = pl.col("is_known_end")
    comes = pl.col("is_to_come")
    apart = (
        pl.col("ours_bill").not_()
        & pl.col("theirs_bill").not_()
        & _to_bill()
        & _recurring()
        & ((pl.col("our_start") > terms.as_of) != (pl.col("their_start") > terms.as_of))
    )
    of_change = (
        pl.when("change_is_held")
        .then(pl.lit(Why.HELD.value))
        .otherwise(pl.lit(Why.IN_FLIGHT.value))
    )
    is_held = pl.col("disposition") == Disposition.HELD
    has_ended = (pl.col("our_open_ends") == 0) & (pl.col("our_end") < terms.as_of)
    is_gone = pl.col("source_gone_from").is_not_null() & ~has_ended
    return [
        _Rule(we & they & differs & pl.col("is_known"), Reconciled.EXPLAINED, of_change, named),
        _Rule(we & they & is_early, Reconciled.BILLING_BEFORE_START, None, named),
        _Rule(we & they & differs, Reconciled.DIFFERS, None, named),
        _Rule(we & they & pl.col("is_grouped"), Reconciled.EXPLAINED, Why.GROUPED),
        _Rule(we & they, Reconciled.MATCHED),
        _Rule(they & ~we & is_gone, Reconciled.ONLY_IN_AFFINITY, Why.SOURCE_IS_GONE),
        _Rule((we != they) & known, Reconciled.EXPLAINED, of_change, "status"),
        _Rule(we & _is_lost_on_its_way(), Reconciled.UNRECONCILED, Why.IN_FLIGHT),
        _Rule(we & _under_way(), Reconciled.EXPLAINED, Why.IN_FLIGHT),
        _Rule(we, Reconciled.DIFFERS, None, "status"),
        _Rule(they & not_yet, Reconciled.BILLING_BEFORE_START, None, "status"),
        _Rule(they & is_held, Reconciled.DIFFERS, None, "status"),
        _Rule(they, Reconciled.CEASED_BUT_BILLING, None, "status"),
        _Rule(
            comes & differs & pl.col("is_known"),
            Reconciled.EXPLAINED,
            of_change,
            named,
        ),
        _Rule(comes & differs, Reconciled.DIFFERS, None, named),
        _Rule(comes, Reconciled.MATCHED),
        _Rule(apart & known, Reconciled.EXPLAINED, of_change, "bill_start,bill_end"),
        _Rule(apart, Reconciled.DIFFERS, None, "bill_start,bill_end"),
        _Rule(other_end & known, Reconciled.EXPLAINED, of_change, "bill_end"),
        _Rule(other_end, Reconciled.DIFFERS, None, "bill_end"),
        _Rule(~_to_bill(), Reconciled.EXPLAINED, _why_not_there()),
    ]


def _to_bill() -> pl.Expr:
    return pl.col("disposition").is_in(TO_BILL)


def _is_lost_on_its_way() -> pl.Expr:
    return (pl.col("disposition") == Disposition.EXPORTED) & pl.col("stands_too_long")


def _under_way() -> pl.Expr:
    return pl.col("disposition").is_in(UNDER_WAY)


def _why_not_there() -> pl.Expr:
    return pl.col("disposition").replace_strict(
        {each.value: reason.value for each, reason in _WHY.items()},
        default=Why.OVER.value,
        return_dtype=pl.String,
    )


def _with_money(side: pl.DataFrame, key: str, *often: str) -> pl.DataFrame:
    """A side with what each record is worth, and what of it bills on the day.

    Recurring charges count per month, one-off charges once. `often`: the columns that say how
    often it bills, the first that does counts. Of several records of a match the sum is what is
    rounded: each has what it adds to that, in the order of `key`.
    """
    times_a_year = (
        pl.coalesce(*often, pl.lit(Frequency.MONTHLY.value))
        .replace_strict(
            {each.value: 12 // months for each, months in MONTHS.items()}, return_dtype=pl.Int64
        )
        .cast(pl.Decimal(38, 0))
    )
    value, nothing = value_of().fill_null(0).cast(VALUE), pl.lit(0, dtype=VALUE)
    a_year = pl.when(_recurring()).then(value * times_a_year).otherwise(nothing)
    months = pl.lit(12, dtype=pl.Decimal(38, 0))
    return (
        side.sort("match_id", key)
        .with_columns(
            (a_year / months).cast(VALUE).alias("worth_per_month"),
            pl.when(_recurring()).then(nothing).otherwise(value).alias("worth_once"),
            # so far, of the match
            (pl.when("bills").then(a_year).otherwise(nothing).cum_sum().over("match_id") / months)
            .cast(VALUE)
            .alias("so_far"),
        )
        .with_columns(
            (pl.col("so_far") - pl.col("so_far").shift().over("match_id").fill_null(0)).alias(
                "per_month"
            ),
            pl.when("bills").then("worth_once").otherwise(nothing).alias("once"),
        )
        .sort(key)
        .drop("so_far")
    )


def _totals(side: pl.DataFrame, name: str) -> pl.DataFrame:
    return side.group_by("match_id").agg(
        pl.col("per_month").sum().alias(f"{name}_per_month"),
        pl.col("once").sum().alias(f"{name}_once"),
    )


def _since() -> pl.Expr:
    """The first day on which it was so; null where nothing is wrong."""
    seen = pl.max_horizontal("our_same_from", "their_same_from")
    after_end = pl.col("our_end").dt.offset_by("1d")
    return (
        pl.when(_is(Reconciled.ONLY_IN_LAYER))
        .then(pl.coalesce("our_start", "our_same_from"))
        .when(_is(Reconciled.ONLY_IN_AFFINITY, Reconciled.BILLING_BEFORE_START))
        .then(pl.coalesce("source_gone_from", "their_start", "their_same_from"))
        .when(_is(Reconciled.CEASED_BUT_BILLING))
        .then(pl.when((pl.col("our_open_ends") == 0) & _to_bill()).then(after_end).otherwise(seen))
        .when(_is(Reconciled.DIFFERS))
        .then(seen)
    )


def _remedy() -> pl.Expr:
    """In whose favour it is set right: never a credit where money is owed to us."""
    # of what bills on both sides the sums, before they are divided and rounded
    both_bill = pl.col("ours_bill") & pl.col("theirs_bill")
    ours = (
        pl.when(both_bill)
        .then("ours_value")
        .otherwise(pl.col("layer_per_month") + pl.col("layer_once"))
    )
    theirs = (
        pl.when(both_bill)
        .then("theirs_value")
        .otherwise(pl.col("affinity_per_month") + pl.col("affinity_once"))
    )
    too_late = pl.col("differing").list.contains("bill_start") & (
        pl.col("theirs_start") > pl.col("ours_start")
    )
    is_held = (pl.col("disposition") == Disposition.HELD) & ~pl.col("ours_bill")
    is_past = _is(Reconciled.DIFFERS) & ~pl.col("ours_bill") & ~pl.col("theirs_bill")
    remedies = (
        (_is(Reconciled.ONLY_IN_LAYER), Remedy.BILL),
        (pl.col("why") == Why.FEEDS_ARE_PARTIAL, Remedy.FETCH),
        (_is(Reconciled.ONLY_IN_AFFINITY, Reconciled.CEASED_BUT_BILLING), Remedy.CEASE),
        (_is(Reconciled.BILLING_BEFORE_START), Remedy.CREDIT),
        # it is Affinity's to bill, once what holds it is put right
        (_is(Reconciled.DIFFERS) & is_held, Remedy.CORRECT),
        (_is(Reconciled.DIFFERS) & (ours > theirs), Remedy.BILL),
        (_is(Reconciled.DIFFERS) & (ours < theirs), Remedy.CREDIT),
        (is_past & (pl.col("our_end") > pl.col("their_end")), Remedy.BILL),
        (is_past & (pl.col("our_end") < pl.col("their_end")), Remedy.CREDIT),
        (_is(Reconciled.DIFFERS) & too_late, Remedy.BILL),
        (_is(Reconciled.DIFFERS), Remedy.CORRECT),
        (_is(Reconciled.UNRECONCILED), Remedy.FETCH),
        (pl.col("why").is_in(_WAITS), Remedy.WAIT),
    )
    return reduce(
        lambda rest, each: (
            pl.when(each[0].fill_null(value=False)).then(pl.lit(each[1].value)).otherwise(rest)
        ),
        reversed(remedies),
        pl.lit(Remedy.NONE.value),
    )


def _is(*kinds: Reconciled) -> pl.Expr:
    return pl.col("class").is_in([kind.value for kind in kinds])
