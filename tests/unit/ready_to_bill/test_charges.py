"""What is said of a charge before it is judged: price, route, CLI, SKU, bill start and end."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from schemas.charge import CHARGE
from schemas.vocabulary import ChargeType, CliProfile, ItemType
from tasks.ready_to_bill.charges import charges_of
from tasks.ready_to_bill.judgement import CLAIM_SCHEMA, HOLD_SCHEMA, judge
from tests.builders import GOODS, charge, line, lines, terms

FIXED = {"fixed_billing": True, "connection_on": date(2026, 1, 31)}


def test_a_line_makes_two_charges():
    charges = charges_of(lines({}, {}), terms())

    assert [("L1", "recurring"), ("L1", "upfront"), ("L2", "recurring"), ("L2", "upfront")] == (
        sorted(charges.select("line_id", "charge_type").iter_rows())
    )


@pytest.mark.parametrize(
    ("charge_type", "expected"),
    [
        pytest.param(
            "upfront", {"unit_price": Decimal(10), "sku": "U", "route": "Gamma"}, id="upfront"
        ),
        pytest.param(
            "recurring",
            {"unit_price": Decimal("5.5"), "sku": "R", "route": "Affinity"},
            id="recurring",
        ),
    ],
)
def test_each_charge_takes_the_facts_of_its_type(charge_type: str, expected: dict[str, Any]):
    facts = line(upfront_sku="U", recurring_sku="R", upfront_route="Gamma")
    said = charge(facts, charge_type=charge_type)

    assert expected == {name: said[name] for name in expected}


@pytest.mark.parametrize(
    ("quantity", "price", "value"),
    [
        pytest.param(3, Decimal("0.3333"), Decimal("0.9999"), id="thirds"),
        pytest.param(1, Decimal(0), Decimal(0), id="zero"),
        pytest.param(2, None, None, id="no price, no value"),
        pytest.param(
            10**18 - 1,
            Decimal("99999999999999.9999"),
            Decimal("99999999999999999800000000000000.0001"),
            id="the largest of both, to the last digit",
        ),
    ],
)
def test_value_is_exact(quantity: int, price: Decimal | None, value: Decimal | None):
    said = charge(line(quantity=quantity, recurring_unit_price=price))

    assert value == said["value"]


def test_only_a_recurring_charge_has_a_frequency():
    assert (None, "Monthly") == tuple(
        charge(line(), charge_type=each)["frequency"] for each in ChargeType
    )


@pytest.mark.parametrize(
    "own_names",
    [
        pytest.param(("Us", "The Layer"), id="The Layer, whatever else is its own"),
        pytest.param((), id="The Layer, even where the profile has no name for it"),
    ],
)
def test_a_missing_route(own_names: tuple[str, ...]):
    said = charge(line(recurring_route=None), terms(own_names=own_names))

    assert ("The Layer", "own") == (said["route"], said["route_kind"])


@pytest.mark.parametrize(
    ("route", "kind"),
    [
        pytest.param("Affinity", "platform", id="by its name"),
        pytest.param("aurora AFFINITY", "platform", id="in any case"),
        pytest.param("\u2003Affinity\t", "platform", id="trimmed of any white space"),
        pytest.param("The Layer", "own", id="our own"),
        pytest.param("gamma", "other", id="another platform"),
        pytest.param("Aurora  Affinity", None, id="but blanks inside count"),
        pytest.param("Affinity Ltd", None, id="and so does every word"),
        pytest.param("Affinit", None, id="and every letter"),
    ],
)
def test_what_a_route_means(route: str, kind: str | None):
    assert kind == charge(line(recurring_route=route))["route_kind"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({}, ("01204600001", "geographic"), id="the asset's, cleaned"),
        pytest.param(
            {"asset_cli": None, "line_cli": "07700 900123"},
            ("07700900123", "mobile"),
            id="the line's where the asset has none",
        ),
        pytest.param(
            {"line_cli": "07700 900123"}, ("01204600001", "geographic"), id="the asset's before"
        ),
        pytest.param(
            {"asset_cli": "junk!", "line_cli": "07700 900123"},
            (None, None),
            id="a bad one of the asset is not replaced by the line's",
        ),
        pytest.param(
            {"needs_cli": False, "asset_cli": "BBEU 1"},
            ("BBEU 1", "other"),
            id="any reference where none is needed",
        ),
    ],
)
def test_the_cli(given: dict[str, Any], expected: tuple[str | None, str | None]):
    said = charge(line(**given))

    assert expected == (said["cli"], said["cli_type"])


D1, D2, D3, D4 = (date(2026, 3, day) for day in (1, 2, 3, 4))
DATES = {"connection_on": D1, "connected_on": D2, "issued_on": D3, "converted_on": D4}


@pytest.mark.parametrize(
    ("given", "charge_type", "expected"),
    [
        pytest.param(DATES, "recurring", (D1, "connection_on"), id="recurring: connection first"),
        pytest.param(DATES, "upfront", (D2, "connected_on"), id="upfront: connected first"),
        pytest.param(
            {**DATES, "connected_on": None}, "upfront", (D1, "connection_on"), id="then the other"
        ),
        pytest.param(
            {**GOODS, **DATES}, "upfront", (D3, "issued_on"), id="goods: the day of issue"
        ),
        pytest.param({**GOODS, **DATES}, "recurring", (None, None), id="goods: no list for rent"),
        pytest.param(
            {**DATES, "bill_start_override": D4},
            "recurring",
            (D4, "bill_start_override"),
            id="an override beats every date",
        ),
        pytest.param(
            {"connection_on": None, "connected_on": None, "converted_on": D4},
            "recurring",
            (None, None),
            id="conversion does not count by itself",
        ),
    ],
)
def test_bill_start_and_its_source(
    given: dict[str, Any], charge_type: str, expected: tuple[date | None, str | None]
):
    said = charge(line(**given), charge_type=charge_type)

    assert expected == (said["bill_start_on"], said["bill_start_source"])


@pytest.mark.parametrize(
    ("given", "source"),
    [
        pytest.param({"connected_on": D2}, "connected_on", id="last in the list"),
        pytest.param({"connected_on": None}, "converted_on", id="the last resort"),
    ],
)
def test_conversion_as_the_last_bill_start(given: dict[str, Any], source: str):
    facts = line(**{**given, "connection_on": None, "converted_on": D4})
    fallback = terms(falls_back_on_convert={ItemType.SERVICE: True})

    assert source == charge(facts, fallback)["bill_start_source"]


@pytest.mark.parametrize(
    ("given", "source"),
    [
        pytest.param({}, "converted_on", id="the only one in an empty list"),
        pytest.param(GOODS, None, id="not for the rent of goods: it has no list"),
    ],
)
def test_conversion_stands_in_for_an_empty_list(given: dict[str, Any], source: str | None):
    profile = terms(
        falls_back_on_convert=dict.fromkeys(ItemType, True),
        bill_start={(ItemType.SERVICE, ChargeType.RECURRING): ()},
    )

    assert source == charge(line(**given, converted_on=D4), profile)["bill_start_source"]


@pytest.mark.parametrize(
    ("told_period", "end"),
    [
        pytest.param(1, (D4, "request"), id="ends what Affinity bills"),
        pytest.param(None, (None, None), id="says nothing of what it does not bill yet"),
    ],
)
def test_a_cease_request(told_period: int | None, end: tuple[date | None, str | None]):
    facts = line(
        reading="billed",
        recurring_told_period=told_period,
        cease_on=D4,
        is_cease_requested=True,
    )
    said = charge(facts)

    assert end == (said["bill_end_on"], said["end_kind"])


def test_conversion_is_not_listed_twice():
    on = terms(
        falls_back_on_convert={ItemType.SERVICE: True},
        bill_start={
            (ItemType.SERVICE, ChargeType.RECURRING): ("converted_on", "connected_on"),
        },
    )

    assert (D4, "converted_on") == (
        charge(line(**DATES), on)["bill_start_on"],
        charge(line(**DATES), on)["bill_start_source"],
    )


@pytest.mark.parametrize(
    ("given", "charge_type", "expected"),
    [
        pytest.param({**FIXED, "term_months": 1}, "recurring", date(2026, 2, 27), id="clamped"),
        pytest.param({**FIXED, "term_months": 12}, "recurring", date(2027, 1, 30), id="a year"),
        pytest.param(
            {**FIXED, "term_months": 1, "connection_on": date(2024, 1, 31)},
            "recurring",
            date(2024, 2, 28),
            id="clamped in a leap year",
        ),
        pytest.param(
            {**FIXED, "term_months": 12, "connection_on": date(2024, 2, 29)},
            "recurring",
            date(2025, 2, 27),
            id="from a leap day",
        ),
        pytest.param(
            {**FIXED, "term_months": 12, "cease_on": date(2026, 6, 1)},
            "recurring",
            date(2026, 6, 1),
            id="a cease ends it, earlier or later",
        ),
        pytest.param(
            {"cease_on": date(2026, 6, 1)}, "upfront", date(2026, 6, 1), id="upfront: the cease"
        ),
        pytest.param({**FIXED, "term_months": 12}, "upfront", None, id="upfront: no term"),
        pytest.param({"term_months": 12}, "recurring", None, id="a term that is not fixed"),
        pytest.param({**FIXED}, "recurring", None, id="fixed without a term"),
        pytest.param({**FIXED, "term_months": 0}, "recurring", None, id="a term of 0 is none"),
        pytest.param({**FIXED, "term_months": -3}, "recurring", None, id="a negative term is none"),
        pytest.param({**FIXED, "term_months": 10**17}, "recurring", None, id="beyond all years"),
        pytest.param(
            {"fixed_billing": None, "term_months": 12}, "recurring", None, id="not said to be fixed"
        ),
    ],
)
def test_bill_end(given: dict[str, Any], charge_type: str, expected: date | None):
    assert expected == charge(line(**given), charge_type=charge_type)["bill_end_on"]


@pytest.mark.parametrize("term", [0, -1])
def test_a_term_below_one_month_is_none(term: int):
    assert charge(line(term_months=term))["term_months"] is None


def test_what_is_stored_has_the_shapes_it_promises():
    judgement = judge(lines({}, {"customer_ref": None}, {"connected_on": None}), terms())

    assert CHARGE == judgement.charges.schema
    assert HOLD_SCHEMA == judgement.holds.schema
    assert CLAIM_SCHEMA == judgement.claims.schema


def test_only_a_ready_charge_keeps_what_is_written():
    judgement = judge(lines({}, {"customer_ref": None}, {"connected_on": None}), terms())
    written = ["customer_ref", "site_ref", "cli_type", "order_ref", "asset_id"]
    ready = pl.col("disposition") == "ready"

    assert 0 == judgement.charges.filter(ready).select(written).null_count().sum_horizontal().item()
    assert (
        judgement.charges.filter(~ready)
        .select(pl.all_horizontal(pl.col(written).is_null()).all())
        .item()
    )


def test_no_lines_make_no_charges():
    judgement = judge(lines({}).clear(), terms(cli_profiles={"Voice": CliProfile.ANY}))

    assert {0} == {each.height for each in judgement}


def test_a_fixed_term_runs_from_its_first_day_through_every_period():
    facts = line(
        fixed_billing=True,
        term_months=12,
        recurring_told_period=2,
        recurring_told_start_on=date(2026, 3, 20),
    )

    charges = charges_of(facts, terms()).filter(pl.col("charge_type") == "recurring")

    assert [(date(2026, 3, 20), date(2027, 2, 28), "term")] == charges.select(
        "bill_start_on", "bill_end_on", "end_kind"
    ).rows()
