"""Every charge gets exactly one disposition: the first row of contract section 3 that holds.

Pure polars, row by row: what other charges have to say (`rivals.py`) is added afterwards with
`with_more_holds`.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import NamedTuple, TypeAlias

import polars as pl

from schemas.charge import CHARGE, CHARGE_KEY, HANDED_OVER, charge_content
from schemas.own_rules import breaks
from schemas.tables import VALUE
from schemas.vocabulary import (
    SEEN_STOPPED,
    Action,
    BillStatus,
    CeaseKind,
    ChangeHoldReason,
    ChargeType,
    CliProfile,
    CustomerStatus,
    Disposition,
    HoldReason,
    ItemType,
    LedgerStatus,
    Reading,
    WaitingReason,
)
from tasks.ready_to_bill.charges import charges_of
from tasks.ready_to_bill.invoicing import invoicing, invoicing_reason, layer_is_due
from tasks.ready_to_bill.number_plan import is_in_plan
from tasks.ready_to_bill.rules import rules_of
from tasks.ready_to_bill.terms import Terms

HOLD_SCHEMA = pl.Schema(
    {
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "reason": pl.String(),
        "value": VALUE,
    }
)

ODDITY_SCHEMA = pl.Schema({"line_id": pl.String(), "subject": pl.String(), "warning": pl.String()})
"""What looks odd but holds nothing: a CLI or a line, and why; `line_id` is where it was seen."""

_OF_CHARGE = pl.concat_str(*CHARGE_KEY, separator="|")
"""The subject of what is odd about a charge."""

CLAIM_SCHEMA = pl.Schema(
    {
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "disposition": pl.String(),
        "site_id": pl.String(),
        "cli": pl.String(),
        "sku": pl.String(),
        "bill_start_on": pl.Date(),
        "asset_id": pl.String(),
        "asset_item_type": pl.String(),
        "connection_on": pl.Date(),
        "cease_on": pl.Date(),
    }
)
"""What `rivals` needs of each triggered charge with a CLI, ready or held."""

_WRITTEN_ONLY = (
    "customer_ref",
    "site_ref",
    "cli_type",
    "bill_end_on",
    "term_months",
    "order_ref",
    "po_ref",
    "asset_id",
)

_TRIGGER_DATES = {
    "connected_on": WaitingReason.NO_CONNECTED_DATE,
    "issued_on": WaitingReason.NO_ISSUE_DATE,
}


NOW = pl.Schema(
    {
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "customer_id": pl.String(),
        "site_id": pl.String(),
        "item_type": pl.String(),
        "route": pl.String(),
        "cli_type": pl.String(),
        "stops_because": pl.String(),
        "shown_as": pl.String(),
        "end_kind": pl.String(),
        "cease_reason": pl.String(),
        "object_uid": pl.String(),
        "asset_is_live": pl.Boolean(),
        "replaced_by_line": pl.String(),
        "is_baseline": pl.Boolean(),
        "holds": pl.List(pl.String()),
        **{name: CHARGE[name] for name in HANDED_OVER if name in CHARGE},
        "product_name": pl.String(),
    }
)
"""What The Layer says today of a charge that Affinity bills, one row per charge.

`stops_because`: why it must not be billed there any more, null when it may, and `shown_as` the
disposition it would have; `end_kind` why `bill_end_on` is what it is; `holds` what would hold the
charge if it were new; `is_baseline`: nothing was told of it, but The Layer says In Billing.
"""


class Judgement(NamedTuple):
    """What came of a batch of lines.

    `charges` as CHARGE; `holds` as HOLD_SCHEMA, one row per charge and reason; `claims` as
    CLAIM_SCHEMA; `oddities` as ODDITY_SCHEMA, several lines may name a subject;
    `billed` as NOW: billed charges that may no longer be as Affinity was told.
    """

    charges: pl.DataFrame
    holds: pl.DataFrame
    claims: pl.DataFrame
    oddities: pl.DataFrame
    billed: pl.DataFrame


Judging: TypeAlias = Callable[[Iterator[pl.DataFrame], Terms], Generator[Judgement, None, None]]
"""What came of each bucket of lines, in their order; where they are judged is its own business."""


def judge_here(buckets: Iterator[pl.DataFrame], terms: Terms) -> Generator[Judgement, None, None]:
    """What came of each bucket, judged one after the other in this process."""
    for lines in buckets:
        yield judge(lines, terms)


def judge(lines: pl.DataFrame, terms: Terms) -> Judgement:
    """Say of both charges of each line what becomes of them, and why.

    A charge is `held` exactly when it has rows in `holds`. Rows in no order.

    Args:
        lines: LINE_FACTS, one row per accepted order line and reading.
        terms: what the profile and the day say.

    Source: contract section 3; rulings 9 to 18.
    """
    rules = rules_of(terms)
    charges = charges_of(lines, terms)
    charges = charges.with_columns(waiting_reason(terms).alias("waiting_reason"))
    charges = charges.with_columns(_before_holds().alias("disposition"))
    billed = _billed(charges.filter("is_now"), rules)
    charges = charges.filter("is_charge")
    triggered = charges.filter(pl.col("disposition").is_null())
    unknown_route = charges.filter(pl.col("disposition") == Disposition.HELD)
    verdicts = _verdicts(triggered, rules)
    is_held = verdicts.select(pl.any_horizontal(*rules)).to_series()
    held = verdicts.filter(is_held)
    holds = pl.concat(
        [
            unknown_route.select(
                *CHARGE_KEY, pl.lit(HoldReason.UNKNOWN_ROUTE.value).alias("reason"), "value"
            ),
            *_reasons(held, rules),
        ]
    )
    judged = triggered.with_columns(
        pl.when(is_held)
        .then(pl.lit(Disposition.HELD.value))
        .otherwise(pl.lit(Disposition.READY.value))
        .alias("disposition")
    )
    settled = charges.filter(pl.col("disposition").is_not_null())
    return Judgement(
        charges=_stored(pl.concat([settled, judged])),
        holds=holds,
        claims=_claims(judged),
        oddities=pl.concat([_oddities(charges, terms), _held_too_late(charges, rules)]),
        billed=billed,
    )


def _verdicts(charges: pl.DataFrame, rules: dict[str, pl.Expr]) -> pl.DataFrame:
    """What each rule says of each charge, in a column of its name."""
    return charges.select(
        *CHARGE_KEY, "value", *(rule.alias(reason) for reason, rule in rules.items())
    )


def _reasons(verdicts: pl.DataFrame, rules: Iterable[str]) -> list[pl.DataFrame]:
    """HOLD_SCHEMA rows, a frame for each rule: the charges it holds."""
    return [
        verdicts.filter(pl.col(reason)).select(*CHARGE_KEY, pl.lit(reason).alias("reason"), "value")
        for reason in rules
    ]


def _billed(charges: pl.DataFrame, rules: dict[str, pl.Expr]) -> pl.DataFrame:
    """NOW of the billed charges that may not be as told; a charge whose asset is gone has none.

    Source: contract section 3, ruling 24.
    """
    ledger = pl.col("ledger_status")
    is_told = pl.col("told_period").is_not_null()
    is_baseline = (
        ~is_told
        & (pl.col("disposition") == Disposition.IN_BILLING)
        & (ledger.is_null() | ledger.is_in([each.value for each in _NOT_THERE]))
    )
    now = charges.filter(
        pl.when(pl.col("reading") == Reading.SEEN).then(is_baseline).otherwise(is_told)
    ).with_columns(
        pl.col("now_quantity").alias("quantity"), pl.col("now_unit_price").alias("unit_price")
    )
    route_kind = pl.col("route_kind")
    moved = route_kind.is_in(["own", "other"]).fill_null(value=False)
    stopped = pl.col("do_not_bill") | moved
    differs = charge_content().ne_missing(pl.col("told_content"))
    dead = ~pl.col("asset_is_live").fill_null(value=True) & pl.col("bill_end_on").is_null()
    now = now.filter(differs | stopped | dead | route_kind.is_null()).with_columns(
        pl.when(moved)
        .then(pl.format("Billing route: {}", pl.col("route").str.strip_chars()))
        .when(pl.col("do_not_bill"))
        .then(pl.coalesce("do_not_bill_reason", pl.lit("Do Not Bill")))
        .alias("stops_because"),
        pl.when(route_kind == "own")
        .then(pl.lit(Disposition.BILLED_IN_LAYER.value))
        .when(route_kind == "other")
        .then(pl.lit(Disposition.OTHER_PLATFORM.value))
        .when(pl.col("do_not_bill"))
        .then(pl.lit(Disposition.DO_NOT_BILL.value))
        .alias("shown_as"),
        is_baseline.alias("is_baseline"),
        pl.concat_list(
            pl.when(verdict).then(pl.lit(reason)) for reason, verdict in _holds_of_a_change(rules)
        )
        .list.drop_nulls()
        .alias("holds"),
    )
    return now.select(pl.col(name).cast(dtype) for name, dtype in NOW.items())


def _holds_of_a_change(rules: dict[str, pl.Expr]) -> list[tuple[str, pl.Expr]]:
    """What holds a change of a billed charge: what would hold a new one, but for what it is not."""
    found = [(reason, rule) for reason, rule in rules.items() if reason not in _NEW_ONLY]
    found.append((HoldReason.UNKNOWN_ROUTE.value, pl.col("route_kind").is_null()))
    found.append((ChangeHoldReason.PRICE_MISSING.value, pl.col("unit_price").is_null()))
    return found


_NEW_ONLY = frozenset(
    {
        HoldReason.CUSTOMER_NOT_LIVE.value,
        HoldReason.ASSET_NOT_LIVE.value,
        HoldReason.TARGET_ASSET_MISSING.value,
        HoldReason.AFFINITY_REJECTED.value,
        HoldReason.UNDONE.value,
    }
)
"""Holds that say nothing of a charge that is billed already."""

_NOT_THERE = (LedgerStatus.REJECTED, LedgerStatus.RETURNED, LedgerStatus.ABANDONED)
"""Where our ledger says that a charge is not in Affinity, The Layer may know better."""


def waiting_reason(terms: Terms) -> pl.Expr:
    """Why a charge is not triggered yet: the first unmet of the profile's list; null = triggered.

    Source: contract section 3, `waiting`; rulings 9, 11 and 18.
    """
    result = pl.lit(None, dtype=pl.String)
    for item_type in ItemType:
        fallback = terms.falls_back_on_convert.get(item_type, False)
        asked = terms.triggers.get(item_type, ())
        unmet: list[tuple[pl.Expr, WaitingReason]] = []
        days = {
            name: pl.coalesce(name, "converted_on") if fallback else pl.col(name)
            for name in asked
            if name in _TRIGGER_DATES
        }
        if "converted" in asked:
            named = pl.col("named_asset_id").is_not_null()
            no_asset = pl.col("asset_id").is_null()
            unmet += [
                (named & no_asset, WaitingReason.ASSET_MISSING),
                (~named & (pl.col("assets_of_line") > 1), WaitingReason.ASSET_AMBIGUOUS),
                (no_asset, WaitingReason.NOT_CONVERTED),
            ]
        unmet += [(day.is_null(), _TRIGGER_DATES[name]) for name, day in days.items()]
        if terms.require_date_reached.get(item_type, True):
            unmet += [(day > terms.as_of, WaitingReason.DATE_NOT_REACHED) for day in days.values()]
        reason = pl.lit(None, dtype=pl.String)
        for condition, name in reversed(unmet):
            reason = (
                pl.when(condition.fill_null(value=False)).then(pl.lit(name.value)).otherwise(reason)
            )
        result = pl.when(pl.col("item_type") == item_type).then(reason).otherwise(result)
    return result


def disposition_rules() -> list[tuple[pl.Expr, Disposition]]:
    """The rows of contract section 3 above the holds, top first; HELD here is an unknown route."""
    status = pl.col("order_status").str.strip_chars().str.to_lowercase()
    cancelled = (status == "cancelled") | (
        (pl.col("customer_status") == CustomerStatus.CANCELLED) & pl.col("asset_id").is_null()
    )
    ledger = pl.col("ledger_status")
    ended_by = pl.col("told_ended_by")
    # The Layer may say In Billing for a while after it was told otherwise
    was_stopped = (ended_by == CeaseKind.STOP).fill_null(value=False)
    is_told = pl.col("told_period").is_not_null() & ~was_stopped
    return [
        (
            (ledger == Disposition.IN_BILLING)
            | (is_told & ended_by.ne_missing(SEEN_STOPPED))
            | ((pl.col("bill_status") == BillStatus.IN_BILLING) & ~was_stopped),
            Disposition.IN_BILLING,
        ),
        (ledger == Disposition.EXPORTED, Disposition.EXPORTED),
        (cancelled, Disposition.CANCELLED),
        (pl.col("action") == Action.UPDATE, Disposition.AMENDMENT),
        (
            pl.col("unit_price").is_null() | (pl.col("unit_price") == 0),
            Disposition.NOT_APPLICABLE,
        ),
        (pl.col("route_kind").is_null(), Disposition.HELD),
        (pl.col("route_kind") == "own", Disposition.BILLED_IN_LAYER),
        (pl.col("route_kind") == "other", Disposition.OTHER_PLATFORM),
        (pl.col("do_not_bill"), Disposition.DO_NOT_BILL),
        (pl.col("waiting_reason").is_not_null(), Disposition.WAITING),
    ]


def _before_holds() -> pl.Expr:
    """The disposition by every rule above the holds; null = triggered, so the holds decide."""
    result = pl.lit(None, dtype=pl.String)
    for condition, disposition in reversed(disposition_rules()):
        result = (
            pl.when(condition.fill_null(value=False))
            .then(pl.lit(disposition.value))
            .otherwise(result)
        )
    return result


def bill_status() -> pl.Expr:
    """The Layer's status of a charge with `disposition` and `waiting_reason` (null = triggered)."""
    disposition = pl.col("disposition")
    ready_to_bill = disposition.is_in([Disposition.EXPORTED.value, Disposition.READY.value]) | (
        (disposition == Disposition.HELD) & pl.col("waiting_reason").is_null()
    )
    return (
        pl.when(disposition == Disposition.IN_BILLING)
        .then(pl.lit(BillStatus.IN_BILLING.value))
        .when(ready_to_bill)
        .then(pl.lit(BillStatus.READY_TO_BILL.value))
        .otherwise(pl.lit(BillStatus.NOT_BILLED.value))
    )


def _stored(charges: pl.DataFrame) -> pl.DataFrame:
    ready = pl.col("disposition") == Disposition.READY
    waiting = pl.col("disposition") == Disposition.WAITING
    held = pl.col("disposition") == Disposition.HELD
    derived = {
        "is_platform_route": (pl.col("route_kind") == "platform").fill_null(value=False),
        # The Layer was told Not Billed when it was undone, and nothing has changed since
        "bill_status": pl.when(held & (pl.col("ledger_status") == HoldReason.UNDONE))
        .then(pl.lit(BillStatus.NOT_BILLED.value))
        .otherwise(bill_status()),
        "invoicing": invoicing(),
        "invoicing_reason": invoicing_reason(),
        "layer_is_due": layer_is_due(),
        "waiting_reason": pl.when(waiting).then(pl.col("waiting_reason")),
        **{name: pl.when(ready).then(pl.col(name)) for name in _WRITTEN_ONLY},
    }
    return charges.select(
        derived.get(name, pl.col(name)).cast(dtype).alias(name) for name, dtype in CHARGE.items()
    )


def _oddities(charges: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    numbers = (
        charges.filter(
            (pl.col("cli_profile") == CliProfile.UK_NUMBER) & pl.col("cli").is_not_null()
        )
        .select("line_id", subject="cli")
        .unique()
        .filter(~is_in_plan(pl.col("subject")))
        .with_columns(pl.lit("CLI is outside the UK number plan").alias("warning"))
    )
    taken_back = charges.filter(
        (pl.col("disposition") == Disposition.IN_BILLING)
        & pl.col("ledger_status").ne_missing(LedgerStatus.IN_BILLING.value)
        & pl.col("bill_status").ne_missing(BillStatus.IN_BILLING.value)
    ).select(
        "line_id",
        subject=_OF_CHARGE,
        warning=pl.lit("charge was In Billing in The Layer, and is not any more"),
    )
    lines = charges.filter(pl.col("charge_type") == ChargeType.UPFRONT)
    broken = [
        lines.filter(breaks(rule)).select(
            "line_id", subject="line_id", warning=pl.lit(f"line breaks your rule {rule.name!r}")
        )
        for rule in terms.warning_rules
    ]
    return pl.concat([numbers, taken_back, *broken]).cast(ODDITY_SCHEMA)


def _held_too_late(charges: pl.DataFrame, rules: dict[str, pl.Expr]) -> pl.DataFrame:
    """Exported charges that would be held today: reported, for nothing recalls them.

    Source: contract section 3, `exported`.
    """
    exported = charges.filter(pl.col("disposition") == Disposition.EXPORTED)
    answered = {HoldReason.AFFINITY_REJECTED.value, HoldReason.UNDONE.value}
    doubts = {reason: rule for reason, rule in rules.items() if reason not in answered}
    doubts[HoldReason.UNKNOWN_ROUTE.value] = pl.col("route_kind").is_null()
    found = pl.concat(_reasons(_verdicts(exported, doubts), doubts))
    return found.select(
        "line_id",
        subject=_OF_CHARGE,
        warning=pl.format("charge of an open batch would be held today: {}", "reason"),
    ).cast(ODDITY_SCHEMA)


def _claims(triggered: pl.DataFrame) -> pl.DataFrame:
    return triggered.filter(pl.col("cli").is_not_null()).select(
        pl.col(name).cast(dtype) for name, dtype in CLAIM_SCHEMA.items()
    )
