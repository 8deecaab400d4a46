"""How price book and catalogue hang together: codes, prices, and what closes the gate."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tasks.checks.price_book import CATALOGUE, PRICE_BOOK, PRODUCTS, PriceBookTerms, price_book

PRODUCT: dict[str, Any] = {
    "product_id": "P1",
    "product_name": "Line Rental",
    "upfront_sku": "SKU-1",
    "recurring_sku": "SKU-1R",
    "upfront_route": "Affinity",
    "recurring_route": "Affinity",
    "upfront_price": Decimal(10),
    "recurring_price": Decimal("5.5"),
    "upfront_charges": 0,
    "recurring_charges": 0,
    "upfront_quantity": Decimal(0),
    "recurring_quantity": Decimal(3),
}
CODES: list[dict[str, Any]] = [
    {"sku": "SKU-1", "is_active": True, "affinity_price": Decimal(10)},
    {"sku": "SKU-1R", "is_active": True, "affinity_price": Decimal(5)},
]


def book(
    *products: dict[str, Any], codes: list[dict[str, Any]] | None = None, **terms: Any
) -> pl.DataFrame:
    """The price book of these products, good but for what each dict says."""
    found = price_book(
        pl.DataFrame([{**PRODUCT, **each} for each in products], schema=PRODUCTS),
        pl.DataFrame(CODES if codes is None else codes, schema=CATALOGUE),
        PriceBookTerms(**{"catalogue_given": True, **terms}),
    )
    assert PRICE_BOOK == found.schema
    return found


def entry(charge_type: str = "recurring", **product: Any) -> dict[str, Any]:
    """One product's entry for a charge type, in a run with default terms."""
    return book(product).row(by_predicate=pl.col("charge_type") == charge_type, named=True)


def test_an_entry_tells_price_drift_and_what_it_comes_to():
    assert {
        "product_id": "P1",
        "product_name": "Line Rental",
        "charge_type": "recurring",
        "sku": "SKU-1R",
        "routed_by": "product",
        "link": "linked",
        "same_sku": 0,
        "layer_price": Decimal("5.5"),
        "affinity_price": Decimal(5),
        "drift": Decimal("0.5"),
        "quantity": Decimal(3),
        "drift_value": Decimal("1.5"),
        "closes_gate": False,
    } == entry()


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        pytest.param({}, "linked", id="there and active"),
        pytest.param({"recurring_sku": None}, "unlinked", id="no code"),
        pytest.param({"recurring_sku": None, "is_custom": True}, "pending", id="a custom one"),
        pytest.param({"is_custom": True}, "linked", id="a custom one that has its code"),
        pytest.param({"recurring_sku": "SKU-9"}, "unknown", id="not in the catalogue"),
        pytest.param({"recurring_sku": "sku-1r"}, "unknown", id="capitals count"),
    ],
)
def test_how_a_product_is_linked(product: dict[str, Any], expected: str):
    assert expected == entry(**product)["link"]


def test_a_code_that_cannot_be_billed_any_more():
    found = book({}, codes=[{**CODES[0]}, {**CODES[1], "is_active": False}])

    assert {"upfront": "linked", "recurring": "inactive"} == dict(
        found.select("charge_type", "link").iter_rows()
    )


def test_without_a_catalogue_codes_cannot_be_looked_up():
    found = book({"upfront_sku": None}, catalogue_given=False)

    assert {"upfront": "unlinked", "recurring": "unchecked"} == dict(
        found.select("charge_type", "link").iter_rows()
    )
    assert [None, None] == found["drift"].to_list()


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        pytest.param({}, {"upfront": "product", "recurring": "product"}, id="both"),
        pytest.param(
            {"upfront_route": "The Layer"}, {"recurring": "product"}, id="one stays in The Layer"
        ),
        pytest.param(
            {"upfront_route": " aurora AFFINITY "},
            {"upfront": "product", "recurring": "product"},
            id="names match trimmed and in any case",
        ),
        pytest.param(
            {"upfront_route": None, "recurring_route": None, "recurring_charges": 1},
            {"recurring": "line"},
            id="only a line says so",
        ),
        pytest.param({"upfront_route": None, "recurring_route": "Gamma"}, {}, id="neither"),
    ],
)
def test_what_is_routed_to_affinity(product: dict[str, Any], expected: dict[str, str]):
    found = book(product).filter(pl.col("link") != "unused")

    assert expected == dict(found.select("charge_type", "routed_by").iter_rows())


@pytest.mark.parametrize(
    ("product", "affinity", "expected"),
    [
        pytest.param({}, "5.5", "0", id="the same"),
        pytest.param({}, "7.25", "-1.75", id="Affinity asks more"),
        pytest.param({}, None, None, id="Affinity says no price"),
        pytest.param({"recurring_price": None}, "5", None, id="The Layer has none"),
        pytest.param({"recurring_price": Decimal(0)}, "5", None, id="no charge, so no drift"),
    ],
)
def test_drift(product: dict[str, Any], affinity: str | None, expected: str | None):
    price = None if affinity is None else Decimal(affinity)
    found = book(product, codes=[CODES[0], {**CODES[1], "affinity_price": price}])
    drift = found.filter(pl.col("charge_type") == "recurring")["drift"].item()

    assert (None if expected is None else Decimal(expected)) == drift


@pytest.mark.parametrize(
    ("affinity", "upfront", "recurring"),
    [
        pytest.param("10", "0", None, id="it is the upfront price"),
        pytest.param("5", None, "0.5", id="it is nearer to the recurring price"),
        pytest.param("7.75", "2.25", "-2.25", id="nobody can tell"),
    ],
)
def test_one_code_for_both_kinds_has_one_price(affinity: str, upfront, recurring):
    codes = [{"sku": "SKU-1", "is_active": True, "affinity_price": Decimal(affinity)}]
    found = book({"recurring_sku": "SKU-1"}, codes=codes)

    assert {
        "upfront": upfront and Decimal(upfront),
        "recurring": recurring and Decimal(recurring),
    } == dict(found.select("charge_type", "drift").iter_rows())


def test_products_that_share_a_code_wherever_they_are_routed():
    found = book(
        {},
        {"product_id": "P2", "upfront_sku": "SKU-1R", "recurring_sku": None},
        {"product_id": "P3", "upfront_route": None, "recurring_route": "Gamma"},
    )

    assert {
        ("P1", "upfront"): 1,
        ("P1", "recurring"): 2,
        ("P2", "upfront"): 2,
        ("P2", "recurring"): None,
    } == {
        (row[0], row[1]): row[2]
        for row in found.drop_nulls("product_id")
        .select("product_id", "charge_type", "same_sku")
        .iter_rows()
    }


def test_codes_nobody_uses():
    spare = {"sku": "SPARE", "catalogue_name": "Old thing", "affinity_price": Decimal(1)}
    (unused,) = book({}, codes=[*CODES, spare]).filter(pl.col("link") == "unused").to_dicts()

    assert {
        **dict.fromkeys(PRICE_BOOK),
        "product_name": "Old thing",
        "sku": "SPARE",
        "link": "unused",
        "affinity_price": Decimal(1),
        "closes_gate": False,
    } == unused


COMPLETE, DRIFT = {"require_complete": True}, {"max_price_drift": Decimal("0.49")}


@pytest.mark.parametrize(
    ("product", "terms", "closed"),
    [
        pytest.param({"recurring_sku": None}, {}, False, id="nothing is asked"),
        pytest.param({}, COMPLETE, False, id="it is complete"),
        pytest.param({"recurring_sku": None}, COMPLETE, True, id="a code is missing"),
        pytest.param({"recurring_sku": "SKU-9"}, COMPLETE, True, id="a code is unknown"),
        pytest.param(
            {"recurring_sku": None, "is_custom": True}, COMPLETE, False, id="a custom one may wait"
        ),
        pytest.param(
            {"recurring_sku": None, "recurring_route": "The Layer"},
            COMPLETE,
            False,
            id="what The Layer bills needs no code",
        ),
        pytest.param(
            {"recurring_sku": "SKU-9"},
            {**COMPLETE, "catalogue_given": False},
            False,
            id="without a catalogue a code is a code",
        ),
        pytest.param({}, DRIFT, True, id="prices drift further than may be"),
        pytest.param({}, {"max_price_drift": Decimal("0.5")}, False, id="as far as may be"),
        pytest.param({"recurring_price": Decimal("4.5")}, DRIFT, True, id="either way"),
        pytest.param({"recurring_sku": "SKU-9"}, DRIFT, False, id="no price, no drift"),
    ],
)
def test_the_gate(product: dict[str, Any], terms: dict[str, Any], closed: bool):
    assert closed == book(product, **terms)["closes_gate"].any()
