"""What is to be told of billed charges that are no longer as Affinity was told. Pure polars.

Told is what Affinity last took of a charge; now is what The Layer says today. A charge with a row
that has no answer yet is left alone, and so is one whose asset is gone.
"""

from datetime import date
from typing import NamedTuple

import polars as pl

from schemas.affinity import CEASES
from schemas.charge import (
    CHARGE,
    CHARGE_KEY,
    HANDED_OVER,
    anew_content,
    cease_content,
    charge_content,
    end_content,
)
from schemas.layout import texts_unfit
from schemas.tables import VALUE
from schemas.vocabulary import (
    SEEN_STOPPED,
    CeaseKind,
    ChangeHoldReason,
    ChangeState,
    ChargeType,
    Disposition,
    HoldReason,
    ItemType,
)
from tasks.changes.terms import TRACKED_CHARGES, ChangeTerms

BILLED = pl.Schema(
    {
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "period": pl.Int64(),
        "updates": pl.Int64(),
        "ended_by": pl.String(),
        "refused_content": pl.String(),
        "refused_end": pl.String(),
        **{name: CHARGE.get(name, pl.String()) for name in HANDED_OVER},
        "asset_is_gone": pl.Boolean(),
        "in_flight": pl.Boolean(),
        "successor_disposition": pl.String(),
        "successor_in_flight": pl.Boolean(),
        "known_object_uid": pl.String(),
    }
)
"""What Affinity was told of a charge, one row per charge.

`refused_content` and `refused_end`: what Affinity refused of a change and of an end, unless a
person released it; `asset_is_gone`: the asset it was told of is in the feeds no more;
`in_flight`: a row of it has no answer; `successor_*`: where the recurring
charge stands that takes its place by a New & Cease, null without one; `known_object_uid`: what
Affinity calls it.
"""

PRODUCT_DUE = pl.Schema(
    {
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "action": pl.String(),
        "period": pl.Int64(),
        "nth": pl.Int64(),
        "fields": pl.String(),
        "site_id": pl.String(),
        "cli_type": pl.String(),
        **{name: CHARGE.get(name, pl.String()) for name in HANDED_OVER if name != "charge_type"},
    }
)
"""A row of the product file: an UPDATE, or the ADD of a further stretch of billing."""

CEASE_DUE = pl.Schema(
    {
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "kind": pl.String(),
        "period": pl.Int64(),
        "shown_as": pl.String(),
        "value": VALUE,
        "customer_ref": pl.String(),
        "site_ref": pl.String(),
        "cli": pl.String(),
        "sku": pl.String(),
        "object_uid": pl.String(),
        "cease_on": pl.Date(),
        "cease_reason": pl.String(),
        "replaced_by_line": pl.String(),
        "asset_id": pl.String(),
    }
)
"""A row of the cease file."""

CHANGE = pl.Schema(
    {
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "customer_id": pl.String(),
        "action": pl.String(),
        "field": pl.String(),
        "told": pl.String(),
        "now": pl.String(),
        "state": pl.String(),
        "value": VALUE,
    }
)
"""One field that differs, for people: one row per charge and field; `value` as it is told."""

HOLD = pl.Schema(
    {
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "customer_id": pl.String(),
        "reason": pl.String(),
    }
)

_COLUMN = {
    "site": "site_ref",
    "bill_start": "bill_start_on",
    "bill_end": "bill_end_on",
    "asset": "asset_id",
    "description": "product_name",
}
"""Field -> the column that holds it, where the names differ."""

_UPFRONT_FIELDS = ("quantity", "unit_price", "sku", "bill_start", "description")
"""A one-off charge does not move, renew or cease with its asset."""

_REPLACING = ("quantity", "unit_price", "frequency", "sku", "site", "cli")
"""What makes a new charge of it where a change is a cease and an addition."""


class ChargeChanges(NamedTuple):
    """What became of the billed charges that may differ.

    `products` as PRODUCT_DUE, `ceases` as CEASE_DUE: what the next batch takes. `changes` as CHANGE
    and `holds` as HOLD: for people. `settled`: CHARGE_KEY and `content` of charges that are as told
    after all. `waits`: CHARGE_KEY of ready charges that must not go before what they replace.
    """

    products: pl.DataFrame
    ceases: pl.DataFrame
    changes: pl.DataFrame
    holds: pl.DataFrame
    settled: pl.DataFrame
    waits: pl.DataFrame


def charge_changes(now: pl.DataFrame, told: pl.DataFrame, terms: ChangeTerms) -> ChargeChanges:
    """Say what is to be told of each billed charge that differs, and what must wait.

    Args:
        now: what the judgement says today, one row per charge that may differ (`NOW`).
        told: BILLED of these charges.
        terms: what the profile and the day say.

    Returns:
        Frames in no order.
    """
    seen = now.with_columns(charge_content().alias("seen_content"))
    both = seen.join(told, on=CHARGE_KEY, how="inner", suffix="_told")
    both = both.filter(~_asset_is_gone() & (~_is_stopped() | _ceased_sooner()))
    both = both.with_columns(*_place(), _place_holds()).with_columns(_start_holds())
    both = both.with_columns(_is_over(terms.as_of), _ends_by_itself(terms.as_of)).with_columns(
        *(_differs(field, terms).alias(f"differs_{field}") for field in _FIELDS),
        _stop_day(terms.as_of).alias("stop_on"),
    )
    both = both.with_columns(*_what_to_say(terms)).with_columns(_cease_reason())
    both = both.with_columns(_end_is_unfit(terms)).with_columns(_end_state())
    both = both.with_columns(*_row_end()).with_columns(_update_state())
    says = pl.col("says_update") | pl.col("says_end") | pl.col("is_dead")
    return ChargeChanges(
        products=_products(both, terms),
        ceases=_ceases(both, terms),
        changes=_changes(both.filter(says)),
        holds=_holds(both),
        # what is stopped has to be looked at again when nothing stops it any more
        settled=both.filter(
            ~says & ~pl.col("in_flight") & pl.col("stops_because").is_null()
        ).select(*CHARGE_KEY, pl.col("seen_content").alias("content")),
        waits=_waits(both),
    )


_FIELDS = (*dict.fromkeys((*TRACKED_CHARGES, "description", "term_months", "order_ref", "po_ref")),)


def _told(column: str) -> pl.Expr:
    return pl.col(f"{column}_told")


def _place() -> list[pl.Expr]:
    """Where a charge is told to be: a one-off stays where it was, whatever moves or ends later."""
    return [
        pl.when(_recurring()).then(name).otherwise(told).alias(name)
        for name, told in (
            # a link that was not known when we first looked is learnt
            ("customer_ref", pl.coalesce(_told("customer_ref"), "customer_ref")),
            ("site_ref", pl.coalesce(_told("site_ref"), "site_ref")),
            *((each, _told(each)) for each in ("cli", "asset_id", "bill_end_on")),
        )
    ]


_PLACE_HOLDS = {
    "customer_ref": [HoldReason.CUSTOMER_UNLINKED.value],
    "site_ref": [
        HoldReason.SITE_MISSING.value,
        HoldReason.SITE_UNLINKED.value,
        HoldReason.SITE_LINK_CONFLICT.value,
        HoldReason.SITE_MISMATCH.value,
    ],
    "cli": [
        HoldReason.CLI_MISSING.value,
        HoldReason.CLI_MALFORMED.value,
        HoldReason.CLI_DAMAGED.value,
    ],
}
"""What The Layer may get wrong about a place, by the column that says where it was told to be."""


def _place_holds() -> pl.Expr:
    """What is wrong today with the place of a one-off does not matter where the old one stays."""
    holds = pl.col("holds")
    for column, reasons in _PLACE_HOLDS.items():
        stays = ~_recurring() & _told(column).is_not_null()
        holds = pl.when(stays).then(holds.list.set_difference(reasons)).otherwise(holds)
    return holds.alias("holds")


def _start_holds() -> pl.Expr:
    """The day it was told to begin on stays, however odd it looks by now; another one must fit."""
    is_another = pl.col("bill_start_on").ne_missing(_told("bill_start_on"))
    odd = [HoldReason.BILL_START_IMPLAUSIBLE.value, HoldReason.BILL_START_AFTER_CEASE.value]
    return pl.when(is_another).then("holds").otherwise(pl.col("holds").list.set_difference(odd))


_NEEDED_TO_END = {
    "customer_ref": HoldReason.CUSTOMER_UNLINKED,
    "site_ref": HoldReason.SITE_UNLINKED,
    "sku": HoldReason.SKU_MISSING,
}
"""What the row of an end must say, and what holds it while nobody knows."""


def _is_unknown(column: str) -> pl.Expr:
    """An end cannot be told for want of `column`, which was never known."""
    return pl.col("says_end") & _told(column).is_null() & pl.col(column).is_null()


def _row_end() -> list[pl.Expr]:
    """`now_end` is the end as The Layer has it; from here on `bill_end_on` is what a row may say.

    An end that must wait is not told by the row of another change; what was cut and waits for the
    other one of its pair goes on without an end.
    """
    waits = _pair_waits() | (pl.col("says_end") & (pl.col("end_state") != ChangeState.DUE))
    told = pl.when(~_is_cut()).then(_told("bill_end_on"))
    return [
        pl.col("bill_end_on").alias("now_end"),
        charge_content().alias("whole_content"),
        pl.when(waits).then(told).otherwise("bill_end_on").alias("bill_end_on"),
    ]


def _recurring() -> pl.Expr:
    return pl.col("charge_type") == ChargeType.RECURRING


def _asset_is_gone() -> pl.Expr:
    """Ruling 27: what is gone from the feeds changes nothing by itself.

    That a renewal is gone does not mean that what it renewed ended.
    """
    has_none = _told("asset_id").is_not_null() & pl.col("asset_id").is_null()
    return has_none | pl.col("asset_is_gone")


def _is_stopped() -> pl.Expr:
    """We stopped it, or it was stopped already when we first looked, and still is."""
    seen = (pl.col("ended_by") == SEEN_STOPPED) & pl.col("stops_because").is_not_null()
    return ((pl.col("ended_by") == CeaseKind.STOP) | seen).fill_null(value=False)


def _ceased_sooner() -> pl.Expr:
    """We stopped it, and it ceased before that: Affinity has billed it for too long."""
    return (
        (pl.col("ended_by") == CeaseKind.STOP)
        & _recurring()
        & _is_ceased()
        & ~_pair_waits()
        & (pl.col("bill_end_on") < _told("bill_end_on"))
    ).fill_null(value=False)


def _is_over(as_of: date) -> pl.Expr:
    """It ended before today, and nothing else is told of it than that; a one-off never ends.

    An end of its term takes all else along in its row; what is cut, or must go on because the other
    one of its pair waits, is not over, and what is open again is told whole.
    """
    ended = (_told("bill_end_on") < as_of).fill_null(value=False)
    has_ended = (pl.col("bill_end_on") < as_of).fill_null(value=False)
    return (
        _recurring() & has_ended & ~_is_cut() & (ended | (_is_ceased() & ~_pair_waits()))
    ).alias("is_over")


def _is_ceased() -> pl.Expr:
    """Its end goes as a cease; another end goes as an update."""
    return pl.col("end_kind").is_in(["cease", "request", "replaced"]).fill_null(value=False)


def _is_cut() -> pl.Expr:
    """It was ceased to go on as a new row, and the new row has not been taken yet."""
    return (pl.col("ended_by") == CeaseKind.CHANGE).fill_null(value=False)


def _differs(field: str, terms: ChangeTerms) -> pl.Expr:
    """Whether a tracked `field` is not as told. Null to value and back are changes, too.

    Of what ended before today only the end is looked at. A link that was not known when we first
    looked is learnt, not changed.
    """
    if field not in terms.tracked.get("charges", TRACKED_CHARGES):
        return pl.lit(value=False)
    column = _COLUMN.get(field, field)
    here, there = pl.col(column), _told(column)
    differs = here.ne_missing(there)
    if field == "site":
        refs = pl.struct("site_ref", "customer_ref")
        differs = refs.ne_missing(
            pl.struct(
                _told("site_ref").alias("site_ref"), _told("customer_ref").alias("customer_ref")
            )
        )
        differs = differs & there.is_not_null()
    if field not in _UPFRONT_FIELDS:
        differs = differs & _recurring()
    if field != "bill_end":
        differs = differs & ~pl.col("is_over")
        if terms.layer_compatible:
            both_known = here.is_not_null() & there.is_not_null()
            differs = differs & both_known & (pl.col("item_type") == ItemType.SERVICE)
    elif terms.layer_compatible:
        differs = differs & (pl.col("item_type") == ItemType.SERVICE)
    return differs


def _stop_day(as_of: date) -> pl.Expr:
    """The last day of a charge that must not be billed any more; null: it need not stop.

    A one-off is taken back: it ends on the day it began. What ends before anyway is not stopped,
    but for what would go on otherwise: what was cut, and what The Layer has taken its end from. It
    has ended, so the day it did is told again.
    """
    start, end = _told("bill_start_on"), _told("bill_end_on")
    last = _last_day_of_a_stop(as_of)
    has_ended = (_recurring() & (end <= last)).fill_null(value=False)
    would_go_on = _is_cut() | (pl.col("bill_end_on") > last).fill_null(value=True)
    day = (
        pl.when(_is_cut() | has_ended)
        .then(end)
        .when(_recurring())
        .then(last)
        .otherwise(pl.coalesce(start, pl.lit(as_of)))
    )
    taken_back = (~_recurring() & (end == start)).fill_null(value=False)
    stops = pl.col("stops_because").is_not_null() & ~pl.col("ends_by_itself") & ~_is_stopped()
    return pl.when(stops & ~(has_ended & ~would_go_on) & ~taken_back).then(day)


def _last_day_of_a_stop(as_of: date) -> pl.Expr:
    return pl.max_horizontal(_told("bill_start_on"), pl.lit(as_of))


def _ends_by_itself(as_of: date) -> pl.Expr:
    """Must not be billed any more, and has an end of its own before that: the earlier day counts.

    Where Affinity refused that end, or the other one of its pair cannot go yet, the stop is told.
    """
    own = cease_content(pl.col("bill_end_on"))
    is_refused = (pl.col("refused_end") == own).fill_null(value=False)
    is_earlier = (pl.col("bill_end_on") < _last_day_of_a_stop(as_of)).fill_null(value=False)
    return (
        pl.col("stops_because").is_not_null()
        & _recurring()
        & _is_ceased()
        & is_earlier
        & ~_is_cut()
        & ~_pair_waits()
        & ~is_refused
    ).alias("ends_by_itself")


def _what_to_say(terms: ChangeTerms) -> list[pl.Expr]:
    stops, sooner = pl.col("stop_on").is_not_null(), _ceased_sooner()
    is_dead = (
        pl.col("stops_because").is_null()
        & ~sooner
        & _recurring()
        & ~pl.col("asset_is_live").fill_null(value=True)
        & pl.col("bill_end_on").is_null()
    )
    goes = ~stops & pl.col("stops_because").is_null() & ~is_dead & ~sooner
    # what was cut to go on as a new row goes on, unless it ended before that
    goes_on = _is_cut() & (
        _pair_waits() | (pl.col("bill_end_on") > _told("bill_end_on")).fill_null(value=True)
    )
    splits = _splits(terms) & goes
    may_end = goes | pl.col("ends_by_itself")
    ends = may_end & pl.col("differs_bill_end") & _is_ceased() & ~goes_on & ~splits
    others = pl.any_horizontal(
        *(pl.col(f"differs_{field}") for field in _FIELDS if field != "bill_end")
    )
    update = goes & (others | (pl.col("differs_bill_end") & ~_is_ceased()) | goes_on)
    update = update & (goes_on | ~_is_cut())
    replaces = (update & splits) | (goes & goes_on)
    return [
        update.alias("says_update"),
        (stops | sooner | ends).alias("says_end"),
        is_dead.alias("is_dead"),
        replaces.alias("replaces"),
        pl.when(stops)
        .then(pl.lit(CeaseKind.STOP.value))
        .when(sooner)
        .then(pl.lit(CeaseKind.SOONER.value))
        .when(ends)
        .then(pl.lit(CeaseKind.CEASE.value))
        .alias("kind"),
        pl.when(stops).then("stop_on").when(sooner | ends).then("bill_end_on").alias("cease_on"),
        pl.concat_str(
            *(
                pl.when(pl.col(f"differs_{field}")).then(pl.lit(field.replace("_", " ")))
                for field in _FIELDS
            ),
            separator=", ",
            ignore_nulls=True,
        ).alias("fields"),
    ]


def _splits(terms: ChangeTerms) -> pl.Expr:
    """A charge that has begun and goes on is ceased and added anew, and takes its end along.

    An end that waits for the other one of a pair is not known to Affinity yet.
    """
    if not terms.replaces:
        return pl.lit(value=False)
    has_begun = (_told("bill_start_on") < terms.as_of).fill_null(value=False)
    end = pl.when(_pair_waits()).then(_told("bill_end_on")).otherwise("bill_end_on")
    goes_on = (end >= terms.as_of).fill_null(value=True)
    changed = pl.any_horizontal(*(pl.col(f"differs_{field}") for field in _REPLACING))
    return _recurring() & has_begun & goes_on & changed


def _end_state() -> pl.Expr:
    """Where the end of a charge stands; it needs no facts of today, so nothing else holds it."""
    held = pl.any_horizontal(
        pl.col("is_dead"),
        _pair_is_waiting(),
        _end_was_refused(),
        pl.col("end_is_unfit"),
        *(_is_unknown(column) for column in _NEEDED_TO_END),
    )
    return _state(held).alias("end_state")


def _end_is_unfit(terms: ChangeTerms) -> pl.Expr:
    """The reason in The Layer's own words cannot be written in the layout of the ceases."""
    reason = texts_unfit([("Cease Reason", "cease_reason")], terms.layout_of(CEASES.name))
    return (pl.col("says_end") & reason).fill_null(value=False).alias("end_is_unfit")


def _update_state() -> pl.Expr:
    held = (pl.col("holds").list.len() > 0) | _update_was_refused()
    return _state(held).alias("update_state")


def _state(held: pl.Expr) -> pl.Expr:
    return (
        pl.when(pl.col("in_flight"))
        .then(pl.lit(ChangeState.IN_FLIGHT.value))
        .when(held)
        .then(pl.lit(ChangeState.HELD.value))
        .otherwise(pl.lit(ChangeState.DUE.value))
    )


def _is_replaced() -> pl.Expr:
    """It ends because a New & Cease takes its place; a stop has a reason of its own."""
    ceases = pl.col("kind").is_in([CeaseKind.CEASE.value, CeaseKind.SOONER.value])
    ends = ceases & (pl.col("end_kind") == "replaced")
    return ends.fill_null(value=False)


def _pair_is_waiting() -> pl.Expr:
    return _is_replaced() & _pair_waits()


def _pair_waits() -> pl.Expr:
    """The charge that takes its place by a New & Cease cannot go in the same batch yet."""
    waiting = pl.col("successor_disposition").is_in(
        [Disposition.WAITING.value, Disposition.HELD.value]
    )
    is_pair = (pl.col("end_kind") == "replaced").fill_null(value=False)
    return is_pair & (
        waiting.fill_null(value=False) | pl.col("successor_in_flight").fill_null(value=False)
    )


def _end_was_refused() -> pl.Expr:
    """Affinity refused exactly this, and nobody has changed or released it since."""
    refused = pl.col("refused_end") == end_content()
    return pl.col("says_end") & refused.fill_null(value=False)


def _update_was_refused() -> pl.Expr:
    content = pl.when("replaces").then(anew_content()).otherwise(charge_content())
    refused = pl.col("refused_content").is_in(pl.concat_list(content, "whole_content"))
    return pl.col("says_update") & refused.fill_null(value=False)


def _update_is_due() -> pl.Expr:
    return pl.col("says_update") & (pl.col("update_state") == ChangeState.DUE)


def _products(both: pl.DataFrame, terms: ChangeTerms) -> pl.DataFrame:
    replaces = pl.col("replaces")
    return (
        both.filter(_update_is_due())
        .with_columns(
            pl.when(replaces).then(pl.lit("ADD")).otherwise(pl.lit("UPDATE")).alias("action"),
            (pl.col("period") + replaces.cast(pl.Int64)).alias("period"),
            pl.when(replaces).then(None).otherwise(pl.col("updates") + 1).alias("nth"),
            pl.when(replaces)
            .then(
                pl.when(_is_cut())
                .then(_told("bill_end_on").dt.offset_by("1d"))
                .otherwise(pl.lit(terms.as_of))
            )
            .otherwise("bill_start_on")
            .alias("bill_start_on"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in PRODUCT_DUE.items())
    )


def _cease_reason() -> pl.Expr:
    return (
        pl.when(pl.col("kind") == CeaseKind.STOP)
        .then("stops_because")
        .when(pl.col("cease_reason").is_not_null())
        .then("cease_reason")
        .otherwise(
            pl.col("end_kind").replace_strict(
                {"replaced": "Replaced", "request": "Cease request"},
                default="Ceased",
                return_dtype=pl.String,
            )
        )
        .alias("cease_reason")
    )


def _ceases(both: pl.DataFrame, terms: ChangeTerms) -> pl.DataFrame:
    is_due = pl.col("says_end") & (pl.col("end_state") == ChangeState.DUE)
    ends = both.filter(is_due).with_columns(
        pl.when(_is_replaced()).then("replaced_by_line").alias("replaced_by_line"),
    )
    replaced = both.filter(pl.col("replaces") & ~_is_cut() & _update_is_due()).with_columns(
        pl.lit(CeaseKind.CHANGE.value).alias("kind"),
        pl.lit(terms.as_of).dt.offset_by("-1d").alias("cease_on"),
        pl.concat_str(pl.lit("Changed: "), "fields").alias("cease_reason"),
        pl.col("line_id").alias("replaced_by_line"),
    )
    return (
        pl.concat([ends, replaced])
        .with_columns(
            _told("cli").alias("cli"),
            # what was not known when we first looked may be by now
            *(pl.coalesce(_told(name), name).alias(name) for name in _NEEDED_TO_END),
            _told("asset_id").alias("asset_id"),
            # the asset may still name the object of the period before
            pl.coalesce(
                pl.when(pl.col("period") == 1).then("object_uid"), "known_object_uid"
            ).alias("object_uid"),
            _value().alias("value"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in CEASE_DUE.items())
    )


def _value() -> pl.Expr:
    """What the charge is worth as it was told."""
    return _told("quantity").cast(pl.Decimal(38, 0)) * _told("unit_price").cast(VALUE)


def _changes(both: pl.DataFrame) -> pl.DataFrame:
    action = (
        pl.when(pl.col("kind").is_not_null())
        .then("kind")
        .when(pl.col("replaces"))
        .then(pl.lit(CeaseKind.CHANGE.value))
        .when(pl.col("is_dead"))
        .then(pl.lit(CeaseKind.CEASE.value))
        .otherwise(pl.lit("update"))
    )
    said = both.with_columns(action.alias("action"), _value().alias("value"))
    frames = [
        said.filter(
            pl.col(f"differs_{field}") & (pl.col("says_update") | pl.col("says_end"))
        ).select(
            *CHARGE_KEY,
            "customer_id",
            "action",
            pl.lit(field).alias("field"),
            _told(_COLUMN.get(field, field)).cast(pl.String).alias("told"),
            pl.col("now_end" if field == "bill_end" else _COLUMN.get(field, field))
            .cast(pl.String)
            .alias("now"),
            _state_of(field).alias("state"),
            "value",
        )
        for field in _FIELDS
    ]
    frames += [
        said.filter((pl.col("kind") == CeaseKind.STOP) | pl.col("is_dead")).select(
            *CHARGE_KEY,
            "customer_id",
            "action",
            pl.when(pl.col("is_dead"))
            .then(pl.lit("is_live"))
            .when(pl.col("shown_as") == Disposition.DO_NOT_BILL)
            .then(pl.lit("do_not_bill"))
            .otherwise(pl.lit("route"))
            .alias("field"),
            pl.lit(None, dtype=pl.String).alias("told"),
            pl.coalesce("stops_because", pl.lit("false")).alias("now"),
            pl.col("end_state").alias("state"),
            "value",
        )
    ]
    return pl.concat(frames).select(pl.col(name).cast(dtype) for name, dtype in CHANGE.items())


def _state_of(field: str) -> pl.Expr:
    """A changed end goes as a cease, or, where it is open again, as an update."""
    if field != "bill_end":
        return pl.col("update_state")
    return pl.when("says_end").then("end_state").otherwise("update_state")


def _holds(both: pl.DataFrame) -> pl.DataFrame:
    held = both.filter(~pl.col("in_flight"))
    by_rule = (
        held.filter(pl.col("says_update") & ~_route_is_unknown())
        .explode("holds")
        .drop_nulls("holds")
    )
    named = [
        (_route_is_unknown(), HoldReason.UNKNOWN_ROUTE),
        (pl.col("is_dead"), ChangeHoldReason.CEASE_DATE_MISSING),
        (_pair_is_waiting(), ChangeHoldReason.PAIR_WAITING),
        (pl.col("end_is_unfit"), HoldReason.LAYOUT_UNFIT),
        (_end_was_refused() | _update_was_refused(), HoldReason.AFFINITY_REJECTED),
        *((_is_unknown(column), reason) for column, reason in _NEEDED_TO_END.items()),
    ]
    frames = [by_rule.select(*CHARGE_KEY, "customer_id", pl.col("holds").alias("reason"))]
    frames += [
        held.filter(condition).select(
            *CHARGE_KEY, "customer_id", pl.lit(reason.value).alias("reason")
        )
        for condition, reason in named
    ]
    found = pl.concat(frames).unique()
    return found.select(pl.col(name).cast(dtype) for name, dtype in HOLD.items())


def _route_is_unknown() -> pl.Expr:
    """Nobody knows the name of its route today: whether to go on billing is not known either."""
    unknown = pl.col("holds").list.contains(HoldReason.UNKNOWN_ROUTE.value)
    return unknown & ~pl.col("is_over") & pl.col("stops_because").is_null()


def _waits(both: pl.DataFrame) -> pl.DataFrame:
    """Ready charges whose predecessor is in flight, or cannot end: no overlap, no gap."""
    return both.filter(
        (pl.col("end_kind") == "replaced").fill_null(value=False)
        & pl.col("differs_bill_end")
        & (pl.col("in_flight") | pl.col("end_is_unfit"))
        & (pl.col("successor_disposition") == Disposition.READY)
    ).select(pl.col("replaced_by_line").alias("line_id"), "charge_type")
