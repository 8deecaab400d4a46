"""A year of a reseller, and what Affinity holds when it is over.

First the reference, plain Python, is what runs: it proves that the world, the stand-in for Affinity
and the expectation agree on what is right. Then the product runs the same years. Something happens
on every day; `R2B_YEAR=deep` plays more seeds of a bigger reseller, with a run every day.
"""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from flows.profile import load_profile
from tests.running import is_as_if_made_anew, mart
from tests.year.expectation import differences
from tests.year.facts import Charge
from tests.year.product import Product
from tests.year.reference import Reference
from tests.year.year import Pipeline, Year

DEEP = os.environ.get("R2B_YEAR") == "deep"
SETTINGS = {"customers": 200, "every": 1} if DEEP else {"customers": 10, "every": 14}
SEEDS = range(1, 41 if DEEP else 2)

STYLES = ("update", "cease_and_add")
LIVED = {"customers": 200, "every": 1} if DEEP else {"customers": 8, "every": 28}
"""The years the product plays: a run takes its second or two, so here it has one in four weeks."""
LIVES = range(1, 21 if DEEP else 2)


def played(folder: Path, seed: int, pipeline: Pipeline, **settings: float) -> Year:
    """A whole year, settled."""
    return Year(folder, pipeline, seed, **(SETTINGS | settings)).play()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", SEEDS)
def test_affinity_holds_what_the_layer_says(tmp_path: Path, seed: int, style: str) -> None:
    year = played(tmp_path, seed, Reference(style))

    assert not (found := differences(year, style)), "\n".join(found)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", LIVES)
def test_the_product_makes_affinity_hold_what_the_layer_says(
    tmp_path: Path, seed: int, style: str
) -> None:
    """To the penny and the day, whatever Affinity refused in between; and it knows so itself."""
    product = Product(tmp_path, style)
    year = Year(tmp_path, product, seed, **LIVED).play()

    assert not (found := differences(year, style)), "\n".join(found)
    receipt = product.reconcile()
    assert receipt.total.layer_per_month > 0
    left = mart(tmp_path, "reconciliation", where="class NOT IN ('matched', 'explained')")
    unsaid = [row for row in left.to_dicts() if not is_refused_to_the_last(year, row)]
    assert not unsaid, unsaid
    assert is_as_if_made_anew(load_profile(product.profile))


def is_refused_to_the_last(year: Year, row: dict[str, Any]) -> bool:
    """Affinity took none of its last rows, as of a customer who has left: days stay owed."""
    days = year.entries_of(Charge(row["line_id"], row["charge_type"]))
    return bool(days) and not any(entry.accepted for entry in days[max(days)])


def test_without_refusals_nothing_is_ever_at_two_places(tmp_path: Path) -> None:
    year = played(tmp_path, 100, Reference(), refusals=0.0, every=7)

    audit = year.affinity.audit()
    assert {} == audit.refusals
    assert (0, 0) == (audit.double_bills, audit.cli_doubles)
    assert not (found := differences(year)), "\n".join(found)


@pytest.mark.parametrize("wrong", ["quantity", "end_on", "cli"])
def test_a_wrong_row_does_not_go_unnoticed(tmp_path: Path, wrong: str) -> None:
    """What the expectation is for: it speaks up when Affinity holds something else."""
    year = played(tmp_path, 101, Reference(), days=90)
    assert not differences(year)

    held = year.affinity.holdings
    year.affinity.holdings = lambda table: [
        row | ({wrong: "2020-01-01"} if table == "site_product" and wrong in row else {})
        for row in held(table)
    ]

    assert differences(year)


def test_a_year_has_everything_in_it(tmp_path: Path) -> None:
    year = played(tmp_path, 102, Reference(), customers=20)

    sent = Counter((entry.stem, entry.action) for entry in year.journal if entry.accepted)
    wanted = {
        *((stem, action) for stem in ("01", "02", "03", "08") for action in ("ADD", "UPDATE")),
        *(("06", action) for action in ("ADD", "UPDATE", "CEASE")),
        *(("04", "UPDATE"), ("05", "ADD"), ("07", "CEASE")),
    }
    assert wanted <= sent.keys()
    reasons = {entry.row["Cease Reason"] for entry in year.journal if entry.stem == "07"}
    assert {"Ceased", "Goodwill", "Do Not Bill", "Billing route: Cloud PBX"} <= reasons
    assert {"BUSY", "NO_RATE"} <= {entry.code for entry in year.journal}
    assert any(row["Status"] == "Cancelled" for row in year.affinity.holdings("customer"))
    assets = year.world.feeds["assets"].values()
    assert any(row["is_auto_renew"] == "true" for row in assets)


def test_the_feeds_keep_the_contract(tmp_path: Path) -> None:
    """The product reads what The Layer holds after two months without a reject."""
    year = Year(tmp_path, Reference(), 103, days=60, customers=8).play()
    product = Product(tmp_path, mode="full")
    year.world.write_feeds(tmp_path / "feeds", full=True)

    product.run({}, year.world.today, tmp_path / "outbox")

    (receipt,) = product.receipts
    assert {} == {name: feed.rejected for name, feed in receipt.feeds.items() if feed.rejected}
