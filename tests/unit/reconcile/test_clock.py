"""What is on the money clock, since when, and what it is worth."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tasks.reconcile.clock import money_clock
from tests.sides import AS_OF, compared, ours, theirs

KEY = [("line:L1:recurring", "U1")]
DAYS = {"since": date(2026, 2, 1), "age_days": 58}
MONEY = {"per_month": Decimal(11), "once": Decimal(0)}


def clock(
    layer: list[dict[str, Any]],
    affinity: list[dict[str, Any]],
    *,
    seen_on: date | None = AS_OF,
    waits_at_most: int = 30,
) -> list[dict[str, Any]]:
    """The clock of two sides; a match's number says nothing."""
    found = compared(layer, affinity, edges=KEY)
    rows = money_clock(found, AS_OF, seen_on=seen_on, waits_at_most=waits_at_most)
    return rows.drop("match_id").to_dicts()


@pytest.mark.parametrize(
    ("disposition", "kind"), [("held", "held"), ("waiting", "waiting_too_long")]
)
def test_what_is_held_or_waits_is_late_since_it_has_been_so(disposition: str, kind: str):
    charge = ours(disposition=disposition, is_told=False, stands_from=date(2026, 2, 1))

    assert [
        {"kind": kind, "side": "layer", "record_key": "line:L1:recurring", **DAYS, **MONEY}
    ] == clock([charge], [])


@pytest.mark.parametrize(("waits_at_most", "late"), [(57, 1), (58, 0)])
def test_waiting_is_fine_for_a_while(waits_at_most: int, late: int):
    charge = ours(disposition="waiting", stands_from=date(2026, 2, 1))

    assert late == len(clock([charge], [], waits_at_most=waits_at_most))


def test_what_affinity_never_showed_is_late_since_its_first_day():
    assert [
        {"kind": "never_seen", "side": "layer", "record_key": "line:L1:recurring", **DAYS, **MONEY}
    ] == clock([ours(start_on=date(2026, 2, 1))], [])


def test_what_is_billed_after_its_end_counts_by_what_affinity_bills():
    ceased = ours(end_on=date(2026, 1, 31), quantity=9)

    assert [
        {"kind": "ceased_but_billing", "side": "affinity", "record_key": "U1", **DAYS, **MONEY}
    ] == clock([ceased], [theirs()])


def test_what_is_as_it_should_be_or_under_way_is_not_on_the_clock():
    fine = [
        ours(),
        ours("L2", disposition="exported", cli=None),
        ours("L3", disposition="do_not_bill", cli=None),
    ]

    assert [] == clock(fine, [theirs()])


def test_a_one_off_charge_is_worth_its_price_once():
    ((each),) = clock([ours(charge_type="upfront", disposition="held")], [])

    assert (Decimal(0), Decimal(11)) == (each["per_month"], each["once"])


@pytest.mark.parametrize(
    ("layer_from", "affinity_from"),
    [
        pytest.param(date(2026, 3, 20), date(2026, 3, 2), id="The Layer has said so later"),
        pytest.param(date(2026, 1, 5), date(2026, 3, 20), id="Affinity has ended it later"),
    ],
)
def test_what_is_to_go_on_and_is_held_is_late_since_it_has_been_so(
    layer_from: date, affinity_from: date
):
    cut = ours(
        change_state="held",
        changing="bill_end",
        same_from=layer_from,
        known_from=date(2026, 3, 29),
    )
    ended = theirs(end_on=date(2026, 3, 1), same_from=affinity_from)

    assert [("held", 11, date(2026, 3, 20))] == [
        (row["kind"], row["age_days"], row["since"]) for row in clock([cut], [ended])
    ]


def test_what_was_handed_over_and_is_not_shown_was_never_seen():
    sent = ours(disposition="exported", stands_from=date(2026, 3, 20))

    (late,) = clock([sent], [])
    assert ("never_seen", 11, Decimal(11)) == (late["kind"], late["age_days"], late["per_month"])
    assert [] == clock([ours(disposition="exported", stands_from=AS_OF)], [])


@pytest.mark.parametrize("seen_on", [None, date(2026, 3, 20), date(2026, 3, 19)])
def test_before_affinity_was_looked_at_nothing_was_never_seen(seen_on: date | None):
    sent = ours(disposition="exported", stands_from=date(2026, 3, 20))

    assert [] == clock([sent], [], seen_on=seen_on)


def test_what_is_to_come_is_not_late():
    assert [] == clock([ours(start_on=date(2026, 4, 10))], [])
