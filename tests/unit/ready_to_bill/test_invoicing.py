"""Who invoices or bills a charge: exactly one class each, and why."""

from typing import Any

import polars as pl
import pytest

from schemas.vocabulary import InvoicingClass
from tasks.ready_to_bill.invoicing import billed_in_affinity
from tasks.ready_to_bill.judgement import judge
from tests.builders import GOODS, NO_ASSET, line, terms

LAYER: dict[str, Any] = {
    "upfront_route": "The Layer",
    "recurring_route": None,
    "upfront_order_route": "The Layer",
}
BILLED = {"upfront_bill_status": "In Billing", "recurring_bill_status": "In Billing"}
LEDGER = {"upfront_ledger_status": "in_billing", "recurring_ledger_status": "in_billing"}
EXPORTED = {"upfront_ledger_status": "exported", "recurring_ledger_status": "exported"}
MOVED = {"upfront_order_route": " the LAYER "}
ORDERED = {"upfront_order_route": "Affinity"}

Answer = tuple[str, str | None, bool | None]


def answers(**facts: Any) -> tuple[Answer, Answer]:
    """Class, reason and whether due in The Layer: of the upfront and the recurring charge."""
    charges = judge(line(**{**ORDERED, **facts}), terms()).charges.sort("charge_type")
    recurring, upfront = charges.select("invoicing", "invoicing_reason", "layer_is_due").iter_rows()
    return upfront, recurring


@pytest.mark.parametrize(
    ("facts", "upfront", "recurring"),
    [
        pytest.param(
            LAYER,
            ("layer_due", None, True),
            ("neither", "recurring", None),
            id="The Layer's own: up-front only",
        ),
        pytest.param(
            {**LAYER, "upfront_route": None},
            ("layer_due", None, True),
            ("neither", "recurring", None),
            id="an empty route is The Layer's",
        ),
        pytest.param(
            {**LAYER, **GOODS},
            ("layer_due", None, True),
            ("no_charge", None, None),
            id="goods that were issued",
        ),
        pytest.param(
            {**LAYER, **NO_ASSET},
            ("layer_waiting", "not_converted", False),
            ("neither", "recurring", None),
            id="not converted yet",
        ),
        pytest.param(
            {**LAYER, "connected_on": None},
            ("layer_waiting", "no_connected_date", False),
            ("neither", "recurring", None),
            id="not connected yet",
        ),
        pytest.param(
            {**LAYER, "upfront_do_not_bill": True, "recurring_do_not_bill": True},
            ("do_not_bill", None, None),
            ("do_not_bill", None, None),
            id="nobody is to bill it",
        ),
        pytest.param(
            {**LAYER, "upfront_unit_price": None},
            ("no_charge", None, None),
            ("neither", "recurring", None),
            id="no price",
        ),
        pytest.param(
            {**LAYER, "order_status": "Cancelled"},
            ("cancelled", None, None),
            ("cancelled", None, None),
            id="cancelled",
        ),
        pytest.param(
            {**LAYER, "action": "Update"},
            ("amendment", None, None),
            ("amendment", None, None),
            id="an amendment is no charge of its own",
        ),
        pytest.param(
            {**LAYER, **BILLED},
            ("both", "feed", True),
            ("both", "feed", None),
            id="The Layer's own, and In Billing by the feed",
        ),
        pytest.param(
            {**LAYER, **LEDGER},
            ("both", "ledger", True),
            ("both", "ledger", None),
            id="The Layer's own, and In Billing by the ledger",
        ),
        pytest.param(
            {**LAYER, **LEDGER, "connected_on": None},
            ("both", "ledger", False),
            ("both", "ledger", None),
            id="in both, though The Layer's is not due",
        ),
        pytest.param(
            {**LAYER, **EXPORTED},
            ("may_be_both", "exported", True),
            ("may_be_both", "exported", None),
            id="handed over before it was The Layer's own",
        ),
        pytest.param(
            {},
            ("affinity_to_come", None, None),
            ("affinity_to_come", None, None),
            id="Affinity's, ready",
        ),
        pytest.param(
            NO_ASSET,
            ("affinity_to_come", None, None),
            ("affinity_to_come", None, None),
            id="Affinity's, waiting",
        ),
        pytest.param(
            LEDGER,
            ("affinity", "ledger", None),
            ("affinity", "ledger", None),
            id="Affinity bills it",
        ),
        pytest.param(
            {**MOVED, **BILLED},
            ("may_be_both", "route_moved", None),
            ("affinity", "feed", None),
            id="the order's route let The Layer invoice it too",
        ),
        pytest.param(
            {**MOVED, **EXPORTED},
            ("may_be_both", "route_moved", None),
            ("affinity_to_come", None, None),
            id="the same once it was handed over",
        ),
        pytest.param(
            {"upfront_order_route": None, **LEDGER},
            ("may_be_both", "route_moved", None),
            ("affinity", "ledger", None),
            id="an order without a route lets The Layer invoice",
        ),
        pytest.param(
            MOVED,
            ("affinity_to_come", None, None),
            ("affinity_to_come", None, None),
            id="a route that moved before anything was handed over",
        ),
        pytest.param(
            {"upfront_route": "Gamma", "recurring_route": "gamma"},
            ("other_platform", None, None),
            ("other_platform", None, None),
            id="another platform's",
        ),
        pytest.param(
            {"upfront_route": "Gamma", "recurring_route": "Gamma", **BILLED},
            ("other_platform", "feed", None),
            ("other_platform", "feed", None),
            id="another platform's, and it says so",
        ),
        pytest.param(
            {"upfront_route": "Gamma", "recurring_route": "Gamma", **LEDGER},
            ("affinity", "ledger", None),
            ("affinity", "ledger", None),
            id="handed over before it was another platform's",
        ),
        pytest.param(
            {"upfront_route": "Nowhere", "recurring_route": "Nowhere"},
            ("unknown_route", None, None),
            ("unknown_route", None, None),
            id="a route nobody knows",
        ),
    ],
)
def test_who_bills_a_line(facts: dict[str, Any], upfront: Answer, recurring: Answer):
    assert (upfront, recurring) == answers(**facts)


def test_every_class_is_one_that_has_a_name():
    charges = judge(line(**ORDERED), terms()).charges

    assert set(charges["invoicing"]) <= {each.value for each in InvoicingClass}


@pytest.mark.parametrize(
    ("ours", "theirs", "same_object", "expected"),
    [
        pytest.param("02079460000", "020 7946 0000", False, True, id="the same number"),
        pytest.param("02079460000", "02079460001", False, False, id="another number"),
        pytest.param("BBEU1", "BBEU1", False, True, id="a reference that is no number"),
        pytest.param(None, None, False, True, id="neither has one"),
        pytest.param(None, "02079460000", False, False, id="only Affinity has one"),
        pytest.param("02079460000", None, False, False, id="only The Layer has one"),
        pytest.param("02079460000", "02079460001", True, True, id="its own object, renumbered"),
    ],
)
def test_what_affinity_shows_of_a_charge(ours, theirs, same_object: bool, expected: bool):
    candidates = pl.DataFrame(
        {
            "line_id": ["L1", "L1"],
            "charge_type": ["upfront", "upfront"],
            "cli": pl.Series([ours, ours], dtype=pl.String),
            "affinity_cli": pl.Series([theirs, theirs], dtype=pl.String),
            "same_object": [same_object, same_object],
        }
    )

    assert ([("L1", "upfront")] if expected else []) == billed_in_affinity(candidates).rows()
