"""Which of the eleven a charge is: each by itself, and the first where several apply."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest

from schemas.explanations import DISPOSITIONS as EXPLAINED
from schemas.explanations import WAITING
from schemas.vocabulary import BillStatus, Disposition, ItemType, WaitingReason
from tasks.ready_to_bill.judgement import judge
from tests.builders import AS_OF, GOODS, NO_ASSET, line, lines, terms, verdict

NOT, READY, IN = "Not Billed", "Ready to Bill", "In Billing"
TOMORROW = AS_OF + timedelta(days=1)

IN_ORDER: list[tuple[str, str, dict[str, Any], str]] = [
    ("in_billing", "our ledger says so", {"recurring_ledger_status": "in_billing"}, IN),
    ("in_billing", "the feed says so", {"recurring_bill_status": "In Billing"}, IN),
    ("exported", "it is in an open batch", {"recurring_ledger_status": "exported"}, READY),
    ("cancelled", "the order was cancelled", {"order_status": "Cancelled"}, NOT),
    ("cancelled", "the word is trimmed and in any case", {"order_status": " CANCELLED\u00a0"}, NOT),
    (
        "cancelled",
        "the customer left before anything was delivered",
        {**NO_ASSET, "customer_status": "Cancelled"},
        NOT,
    ),
    ("amendment", "the line changes an asset in life", {"action": "Update"}, NOT),
    ("not_applicable", "there is no price", {"recurring_unit_price": None}, NOT),
    ("not_applicable", "the price is zero", {"recurring_unit_price": Decimal(0)}, NOT),
    ("held", "nobody knows its route", {"recurring_route": "Nowhere"}, READY),
    ("billed_in_layer", "The Layer bills it", {"recurring_route": " the layer"}, NOT),
    ("billed_in_layer", "nobody names a route", {"recurring_route": None}, NOT),
    ("other_platform", "Gamma bills it", {"recurring_route": "GAMMA"}, NOT),
    ("do_not_bill", "somebody marked it", {"recurring_do_not_bill": True}, NOT),
    ("waiting", "it was never converted", NO_ASSET, NOT),
    ("held", "something must be put right", {"customer_ref": None}, READY),
    ("ready", "it is due and complete", {}, READY),
]
"""By disposition, top first: what makes a valid line one."""


@pytest.mark.parametrize(
    ("disposition", "given", "status"),
    [
        pytest.param(name, given, status, id=f"{name}: {about}")
        for name, about, given, status in IN_ORDER
    ],
)
def test_disposition_and_bill_status(disposition: str, given: dict[str, Any], status: str):
    judged = verdict(line(**given))

    assert (disposition, status) == (judged.disposition, judged.bill_status)


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        pytest.param(upper, lower, id=f"{upper[0]}, {upper[1]}, though {lower[1]}")
        for upper, lower in combinations(IN_ORDER, 2)
        if not upper[2].keys() & lower[2].keys()
    ],
)
def test_the_first_that_applies_wins(
    upper: tuple[str, str, dict[str, Any], str], lower: tuple[str, str, dict[str, Any], str]
):
    assert upper[0] == verdict(line(**lower[2], **upper[2])).disposition


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"order_status": "Cancelled by us"}, id="an order merely talks of cancelling"),
        pytest.param({"order_status": None}, id="an order's status is unknown"),
        pytest.param({"action": None}, id="no action means New"),
        pytest.param({"action": "New & Cease", "target_is_known": True}, id="New & Cease bills"),
        pytest.param({"recurring_do_not_bill": None}, id="no mark means bill it"),
        pytest.param(
            {"recurring_do_not_bill": False, "upfront_do_not_bill": True}, id="other flag"
        ),
        pytest.param({"recurring_bill_status": "Ready to Bill"}, id="the feed says Ready to Bill"),
        pytest.param({"recurring_bill_status": "Not Billed"}, id="the feed says Not Billed"),
        pytest.param({"upfront_bill_status": "In Billing"}, id="only the other charge is billed"),
        pytest.param({"recurring_ledger_status": "rejected"}, id="Affinity refused it once"),
        pytest.param({"recurring_ledger_status": "abandoned"}, id="its batch was abandoned"),
        pytest.param({"recurring_unit_price": Decimal("0.0001")}, id="it costs next to nothing"),
    ],
)
def test_near_misses_are_ready(given: dict[str, Any]):
    assert "ready" == verdict(line(**given)).disposition


def test_a_charge_in_billing_by_the_feed_stays_so_though_the_ledger_says_exported():
    facts = line(recurring_ledger_status="exported", recurring_bill_status="In Billing")

    assert ("in_billing", IN) == (verdict(facts).disposition, verdict(facts).bill_status)


def test_an_accepted_charge_stays_in_billing_whatever_the_feed_says():
    facts = line(recurring_ledger_status="in_billing", recurring_bill_status="Not Billed")

    assert "in_billing" == verdict(facts).disposition


def test_an_unknown_route_that_is_not_due_is_not_billed():
    judged = verdict(line(**NO_ASSET, recurring_route="Nowhere"))

    assert ("held", ["unknown_route"], None, NOT) == judged


@pytest.mark.parametrize("own_names", [(), ("Affinity",)])
def test_an_empty_route_is_the_layer_whatever_its_names(own_names: tuple[str, ...]):
    judged = verdict(line(recurring_route=None), terms(own_names=own_names))

    assert "billed_in_layer" == judged.disposition


def test_a_platform_is_ours_though_billing_platforms_names_it_too():
    assert "ready" == verdict(line(), terms(other_platforms=("affinity",))).disposition


WAITS = [
    ("asset_missing", "the asset it names is not there", {**NO_ASSET, "named_asset_id": "A9"}),
    (
        "asset_missing",
        "a wrong asset does not fall back on those that name the line",
        {**NO_ASSET, "named_asset_id": "A9", "assets_of_line": 2},
    ),
    ("asset_ambiguous", "several assets name the line", {**NO_ASSET, "assets_of_line": 2}),
    ("not_converted", "it was never converted", NO_ASSET),
    ("not_converted", "nobody counted its assets", {**NO_ASSET, "assets_of_line": None}),
    ("no_connected_date", "the service was not connected", {"connected_on": None}),
    ("no_issue_date", "the goods were not issued", {**GOODS, "issued_on": None}),
    ("date_not_reached", "the service is connected tomorrow", {"connected_on": TOMORROW}),
    ("date_not_reached", "the goods are issued tomorrow", {**GOODS, "issued_on": TOMORROW}),
]


@pytest.mark.parametrize(
    ("reason", "given"),
    [pytest.param(reason, given, id=f"{reason}: {about}") for reason, about, given in WAITS],
)
def test_why_a_charge_waits(reason: str, given: dict[str, Any]):
    assert ("waiting", [], reason, NOT) == verdict(line(**given), charge_type="upfront")


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"connected_on": AS_OF}, id="a service connected today"),
        pytest.param({**GOODS, "issued_on": AS_OF}, id="goods issued today"),
        pytest.param({"named_asset_id": None, "assets_of_line": 1}, id="the one asset of the line"),
        pytest.param({"converted_on": TOMORROW}, id="the day of conversion is not asked"),
        pytest.param({**GOODS, "connected_on": TOMORROW}, id="goods need no connection"),
    ],
)
def test_what_need_not_wait(given: dict[str, Any]):
    judged = verdict(line(**given), charge_type="upfront")

    assert ("ready", None) == (judged.disposition, judged.waiting_reason)


@pytest.mark.parametrize(
    ("given", "on", "expected"),
    [
        pytest.param(
            {"connected_on": TOMORROW},
            {"require_date_reached": {ItemType.SERVICE: False}},
            "ready",
            id="a profile may bill before the day is reached",
        ),
        pytest.param(
            NO_ASSET,
            {"triggers": {ItemType.SERVICE: ("connected_on",)}},
            "held",
            id="a profile may bill without conversion, and every hold still counts",
        ),
        pytest.param(
            {"connected_on": None, "converted_on": AS_OF},
            {"falls_back_on_convert": {ItemType.SERVICE: True}},
            "ready",
            id="conversion may stand in for a missing date",
        ),
        pytest.param(
            {"connected_on": None, "converted_on": TOMORROW},
            {"falls_back_on_convert": {ItemType.SERVICE: True}},
            "waiting",
            id="a conversion that stands in must be reached too",
        ),
        pytest.param(
            {"connected_on": None, "converted_on": None},
            {"falls_back_on_convert": {ItemType.SERVICE: True}},
            "waiting",
            id="a conversion without a day stands in for nothing",
        ),
        pytest.param(
            {"connected_on": None, "connection_on": date(2026, 3, 1)},
            {"triggers": {ItemType.SERVICE: ("converted",)}},
            "ready",
            id="a profile may ask for conversion only",
        ),
    ],
)
def test_triggers_of_the_profile(given: dict[str, Any], on: dict[str, Any], expected: str):
    assert expected == verdict(line(**given), terms(**on)).disposition


def test_a_charge_that_does_not_wait_gives_no_waiting_reason():
    facts = lines(
        {**NO_ASSET, "recurring_ledger_status": "in_billing"},
        {**NO_ASSET, "order_status": "Cancelled"},
        {**NO_ASSET, "recurring_do_not_bill": True, "upfront_do_not_bill": True},
    )
    charges = judge(facts, terms()).charges

    assert ["waiting"] == charges.drop_nulls("waiting_reason")["disposition"].to_list()


@pytest.mark.parametrize("disposition", Disposition)
def test_every_disposition_has_a_case_and_an_explanation(disposition: Disposition):
    assert disposition in {name for name, *_ in IN_ORDER}
    assert EXPLAINED[disposition]


@pytest.mark.parametrize("reason", WaitingReason)
def test_every_wait_has_a_case_and_an_explanation(reason: WaitingReason):
    assert reason in {name for name, *_ in WAITS}
    assert all(WAITING[reason])


def test_bill_statuses_are_the_layers_three():
    assert {NOT, READY, IN} == set(BillStatus)
