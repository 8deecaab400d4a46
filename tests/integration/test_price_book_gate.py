"""A price book that must be complete before any batch is written."""

from pathlib import Path

import pytest

from flows.plan import plan
from flows.standing import status
from tests.integration.office import Office
from tests.running import AS_OF, mart

GATE = "price_book.require_complete = true\n"


def office_with_a_gap(folder: Path, profile: str = GATE) -> Office:
    """Two ready lines, and a product nobody has bought and nobody has linked."""
    office = Office(folder, profile=profile)
    unlinked = {**office.record("products"), "product_id": "P2", "external_sku": ""}
    office.feeds["products"].append(unlinked)
    return office


def test_no_batch_is_written_while_the_price_book_has_a_gap(tmp_path: Path):
    office = office_with_a_gap(tmp_path)

    receipt = office.run()

    assert ("price_book_incomplete", None) == (receipt.status, receipt.batch)
    assert 2 == receipt.findings["price_book_closes_gate"]
    assert ["ready"] == mart(tmp_path, "charge")["disposition"].unique().to_list()
    assert {"P2"} == set(mart(tmp_path, "price_book", where="closes_gate")["product_id"])
    assert 0 == mart(tmp_path, "run").item(0, "exit_code")


def test_a_plan_says_so_too(tmp_path: Path):
    office = office_with_a_gap(tmp_path)
    office.save()

    receipt, batch = plan(office.profile, AS_OF)

    assert (None, 2) == (batch, receipt.findings["price_book_closes_gate"])


def test_what_was_ready_goes_out_once_the_gap_is_closed(tmp_path: Path):
    office = office_with_a_gap(tmp_path)
    office.run()
    office.record("products", 2)["external_sku"] = "SKU-2"

    receipt = office.run()

    assert "batch_written" == receipt.status
    assert 0 == receipt.findings["price_book_closes_gate"]


def test_a_batch_that_was_open_before_stays_open(tmp_path: Path):
    office = office_with_a_gap(tmp_path)
    office.record("products", 2)["external_sku"] = "SKU-2"
    office.run()
    office.record("products", 2)["external_sku"] = ""

    receipt = office.run()

    assert ("price_book_incomplete", (1,)) == (receipt.status, receipt.open_batches)


@pytest.mark.parametrize("profile", ["", "price_book.require_complete = false\n"])
def test_unless_asked_a_gap_stops_nothing(tmp_path: Path, profile: str):
    office = office_with_a_gap(tmp_path, profile)

    assert "batch_written" == office.run().status
    assert {"products_unlinked": 1} == {
        kind: records
        for kind, records in status(office.profile).findings.items()
        if kind.startswith("products") and records
    }


def test_a_price_that_drifted_too_far_closes_the_gate(tmp_path: Path):
    office = Office(tmp_path, profile='price_book.max_price_drift = "0.25"\n')
    office.feeds["affinity_products"] = [{"product_code": "SKU-1", "price": "5.20"}]

    assert "price_book_incomplete" == office.run().status
    (found,) = mart(tmp_path, "price_book", where="closes_gate").to_dicts()
    assert ("recurring", "0.3000", "1.2000") == (
        found["charge_type"],
        str(found["drift"]),
        str(found["drift_value"]),
    )
