"""Who invoices a charge, from day to day: as batches leave, come back and are abandoned."""

from pathlib import Path

import pytest

from tests.integration.office import Office
from tests.running import mart

SITE_PRODUCT = {
    "object_uid": "U1",
    "site_ref": "AS-1",
    "cli": "01204 600001",
    "product_code": "SKU-1",
    "charge_type": "recurring",
}


def classes(office: Office) -> dict[str, tuple[str, str | None]]:
    """Charge type -> class and reason, of the one line there is."""
    rows = mart(office.folder, "layer_invoiceable").select("charge_type", "class", "reason").rows()
    return {charge_type: (name, reason) for charge_type, name, reason in rows}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path, lines=1)


def test_a_charge_of_affinitys_moves_with_its_batch(office: Office):
    office.run()
    before = classes(office)
    office.uploaded()

    assert {("affinity_to_come", None)} == set(before.values())
    assert {("affinity", "ledger")} == set(classes(office).values())


def test_a_charge_that_became_the_layers_after_it_was_handed_over(office: Office):
    office.run()
    office.record("products").update(upfront_billing_route="The Layer", recurring_billing_route="")
    office.run()
    before = classes(office)
    office.uploaded()
    after = classes(office)
    office.run()

    assert {("may_be_both", "exported")} == set(before.values())
    assert {("both", "ledger")} == set(after.values()) == set(classes(office).values())


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param({}, ("both", "snapshot"), id="the same thing at the same site"),
        pytest.param({"charge_type": ""}, ("both", "snapshot"), id="of a type nobody says"),
        pytest.param({"cli": "01204 600002"}, ("neither", "recurring"), id="another number"),
        pytest.param({"product_code": "SKU-2"}, ("neither", "recurring"), id="another code"),
        pytest.param({"site_ref": "AS-2"}, ("neither", "recurring"), id="another site"),
        pytest.param({"charge_type": "upfront"}, ("neither", "recurring"), id="another type"),
        pytest.param({"end_on": "2026-03-31"}, ("both", "snapshot"), id="its last day is today"),
        pytest.param({"end_on": "2026-03-30"}, ("neither", "recurring"), id="it ended yesterday"),
        pytest.param(
            {"start_on": "2026-04-01", "end_on": "2026-04-01"},
            ("neither", "recurring"),
            id="it was never billed for a day",
        ),
    ],
)
def test_what_the_snapshot_shows(office: Office, shown: dict[str, str], expected):
    office.record("products")["recurring_billing_route"] = "The Layer"
    office.feeds["affinity_site_products"] = [{**SITE_PRODUCT, **shown}]
    office.run()

    assert expected == classes(office)["recurring"]


def test_the_assets_own_object_is_proof_whatever_else_it_says(office: Office):
    office.record("products")["recurring_billing_route"] = "The Layer"
    office.record("assets")["object_uid"] = "U1"
    elsewhere = {"cli": "", "product_code": "OLD", "site_ref": "AS-9"}
    office.feeds["affinity_site_products"] = [{**SITE_PRODUCT, **elsewhere}]
    office.run()

    assert ("both", "snapshot") == classes(office)["recurring"]


def test_what_is_another_lines_by_its_row_key_is_no_proof(tmp_path: Path):
    office = Office(tmp_path, lines=1)
    office.run()
    office.uploaded()
    (key,) = mart(
        tmp_path, "batch_row", where="file = '08_products.csv' AND charge_type = 'recurring'"
    )["row_key"]
    office.add_line(2)
    office.line(2).update(recurring_billing_route="The Layer")
    office.record("assets", 2)["cli"] = "01204 600001"
    office.feeds["affinity_site_products"] = [{**SITE_PRODUCT, "row_key": key}]
    office.run()
    (second,) = mart(
        tmp_path, "layer_invoiceable", where="line_id = 'L2' AND charge_type = 'recurring'"
    ).to_dicts()

    assert ("neither", "recurring") == (second["class"], second["reason"])


def test_the_run_counts_what_is_billed_twice_or_never(office: Office):
    office.record("products")["recurring_billing_route"] = "The Layer"
    first = office.run().findings
    office.feeds["affinity_site_products"] = [SITE_PRODUCT]
    second = office.run().findings

    assert (1, 0) == (first["charges_in_neither"], first["charges_in_both"])
    assert (0, 1) == (second["charges_in_neither"], second["charges_in_both"])
