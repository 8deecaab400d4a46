"""Where a CLI was first captured, and what has become of it on its way to the asset."""

from typing import Any

import polars as pl
import pytest

from schemas.vocabulary import CliProfile
from tasks.checks.cli_capture import CLI_CAPTURE, captures

LINE: dict[str, Any] = {
    "line_id": "L1",
    "customer_id": "C1",
    "product_id": "P1",
    "base_category": "Voice",
    "needs_cli": True,
    "has_quotation": True,
    "has_asset": True,
    "quotation_text": None,
    "order_text": None,
    "asset_text": None,
}
ONE, ONE_ABROAD, OTHER = "020 7946 0000", "+442079460000", "020 7946 0001"


def capture(**overrides: Any) -> dict[str, Any]:
    """What is found of one line."""
    texts = dict.fromkeys(("quotation_text", "order_text", "asset_text"), pl.String)
    lines = pl.DataFrame(
        [{**LINE, **overrides}], schema_overrides={**texts, "needs_cli": pl.Boolean}
    )
    found = captures(lines, {"Circuit": CliProfile.ANY, "Licence": CliProfile.NONE})
    assert CLI_CAPTURE == found.schema
    return found.row(0, named=True) if found.height else {}


@pytest.mark.parametrize(
    ("quotation", "order", "asset", "source", "drift", "between"),
    [
        pytest.param(ONE, ONE, ONE, "quotation", "none", None, id="the same throughout"),
        pytest.param(ONE, ONE_ABROAD, ONE, "quotation", "none", None, id="another spelling"),
        pytest.param(
            ONE, OTHER, OTHER, "quotation", "differs", "quotation and order", id="changed on order"
        ),
        pytest.param(
            ONE, ONE, OTHER, "quotation", "differs", "quotation and asset", id="changed on asset"
        ),
        pytest.param(
            None, ONE, ONE, "order", "missing", "quotation and order", id="not asked when quoted"
        ),
        pytest.param(
            ONE, None, ONE, "quotation", "missing", "quotation and order", id="lost on the order"
        ),
        pytest.param(
            None, None, ONE, "asset", "missing", "quotation and asset", id="only on the asset"
        ),
        pytest.param(
            ONE, None, OTHER, "quotation", "differs", "quotation and asset", id="differing is worse"
        ),
        pytest.param(
            "to come", ONE, ONE, "order", "differs", "quotation and order", id="words are no CLI"
        ),
        pytest.param("tbc", None, "tbc", None, "missing", "quotation and order", id="only words"),
        pytest.param(
            "2079460000", ONE, ONE, "order", "differs", "quotation and order", id="a lost zero"
        ),
    ],
)
def test_a_line_with_all_stages(quotation, order, asset, source, drift, between):
    found = capture(quotation_text=quotation, order_text=order, asset_text=asset)

    assert (source, drift, between) == (
        found["cli_source_stage"],
        found["drift"],
        found["drift_between"],
    )


@pytest.mark.parametrize(
    ("there", "texts", "expected"),
    [
        pytest.param(
            {"has_quotation": False},
            {"order_text": ONE, "asset_text": ONE},
            "none",
            id="not quoted",
        ),
        pytest.param(
            {"has_asset": False}, {"quotation_text": ONE, "order_text": ONE}, "none", id="no asset"
        ),
        pytest.param(
            {"has_asset": False, "has_quotation": False}, {"order_text": ONE}, "none", id="alone"
        ),
        pytest.param(
            {"has_asset": False}, {"order_text": ONE}, "missing", id="quoted without, no asset"
        ),
    ],
)
def test_only_stages_that_are_there_count(there, texts, expected):
    assert expected == capture(**there, **texts)["drift"]


def test_clis_are_shown_cleaned_or_as_they_stand():
    found = capture(quotation_text=ONE_ABROAD, order_text="to come")

    assert ("02079460000", "to come", None) == (
        found["quotation_cli"],
        found["order_cli"],
        found["asset_cli"],
    )


@pytest.mark.parametrize(
    ("category", "needs_cli", "expected"),
    [
        pytest.param("Voice", True, "none", id="a number is read as one"),
        pytest.param("circuit", True, "differs", id="a reference is compared as it stands"),
        pytest.param("Voice", None, "differs", id="so is that of a product that needs none"),
        pytest.param("Licence", True, None, id="a category without CLIs has none"),
    ],
)
def test_clis_are_read_by_the_products_profile(category, needs_cli, expected):
    found = capture(
        base_category=category,
        needs_cli=needs_cli,
        order_text=ONE,
        asset_text=ONE_ABROAD,
        has_quotation=False,
    )

    assert expected == found.get("drift")


def test_a_line_without_any_cli_is_left_out():
    assert {} == capture()
