"""Customers and what belongs to them are told to Affinity, and so bill by themselves afterwards."""

import contextlib
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.plan import plan
from flows.queue_desk import release
from schemas.affinity import ENTITY_FILES
from tests.integration.office import Office
from tests.running import AS_OF, mart

APRIL = [AS_OF + timedelta(days=days) for days in range(1, 10)]
ENTITIES = [f"{file.stem}.csv" for file in ENTITY_FILES]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A customer that Affinity has never heard of, with a site, an address and a contact."""
    made = Office(tmp_path / "office", lines=1)
    made.record("customers")["integration_id"] = ""
    made.record("sites")["integration_id"] = ""
    place = {"customer_id": "C1", "site_id": "S1"}
    made.feeds["addresses"] = [
        {"address_id": "D1", **place, "line1": "1 High St", "postcode": "BL1 1AA"}
    ]
    made.feeds["contacts"] = [
        {"contact_id": "K1", **place, "last_name": "Baker", "email": "baker@example.com"}
    ]
    return made


def files(office: Office, seq: int) -> dict[str, list[tuple[str, str]]]:
    """What a batch says of entities: file -> (id, action)."""
    folder = office.batch(seq)
    return {
        name: [
            (next(row[head] for head in row if head.startswith("Layer")), row.get("Action", ""))
            for row in ordered(office.written(seq, name))
        ]
        for name in ENTITIES
        if (folder / name).exists()
    }


def ordered(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{key: row[key] for key in row if not key.endswith("Ref")} for row in rows]


def answer(
    office: Office,
    seq: int = 1,
    *,
    refuse: Mapping[str, str] | None = None,
    ref_column: bool = False,
    only: tuple[str, ...] | None = None,
) -> None:
    """Affinity's answer: everything is taken but the files in `refuse` (file -> code)."""
    lines = ["row_key,outcome,code,message" + (",ref" if ref_column else "")]
    for path in sorted(office.batch(seq).glob("0*.csv")):
        if only is not None and path.stem not in only:
            continue
        code = (refuse or {}).get(path.stem)
        for number, row in enumerate(office.written(seq, path.name), start=1):
            ref = {"01_customers": f"AFC{number:06d}", "02_sites": f"AFS{number:06d}"}.get(
                path.stem
            )
            outcome = "rejected" if code else "accepted"
            message = f"created as {ref}" if ref and not ref_column and not code else ""
            cells = [row["Row Key"], outcome, code or "", message]
            lines.append(",".join([*cells, ref or ""] if ref_column else cells))
    results = office.folder / "results.csv"
    results.write_text("\n".join(lines), encoding="utf-8")
    office.transfer(seq, results=results)


def entities(office: Office) -> dict[tuple[str, str], tuple[Any, ...]]:
    """`mart.entity`: (ref, state, rows taken)."""
    rows = mart(office.folder, "entity").to_dicts()
    return {
        (row["entity"], row["layer_id"]): (row["ref"], row["state"], row["rows_taken"])
        for row in rows
    }


def holds(office: Office) -> list[tuple[str, str, str]]:
    rows = mart(office.folder, "entity_hold").select("entity", "layer_id", "reason")
    return sorted(rows.iter_rows())


ALL_ADDED = {
    "01_customers.csv": [("C1", "ADD")],
    "02_sites.csv": [("S1", "ADD")],
    "03_addresses.csv": [("D1", "ADD")],
    "04_contacts.csv": [("K1", "ADD")],
}


@pytest.mark.parametrize("ref_column", [False, True])
def test_a_new_customer_is_told_and_then_its_charges_bill(office: Office, ref_column: bool):
    receipt = office.run()

    assert ALL_ADDED == files(office, 1)
    assert not (office.batch() / "08_products.csv").exists()
    assert {"customer_unlinked", "site_unlinked"} == set(receipt.holds)
    assert {"in_flight"} == {state for _, state, _ in entities(office).values()}

    answer(office, ref_column=ref_column)
    office.run(APRIL[0])

    assert {} == files(office, 2)
    assert [("AFC000001", "AFS000001")] * 2 == [
        (row["Customer Ref"], row["Site Ref"]) for row in office.written(2)
    ]
    assert {
        ("customer", "C1"): ("AFC000001", "taken", 1),
        ("site", "S1"): ("AFS000001", "taken", 1),
        ("address", "D1"): (None, "taken", 1),
        ("contact", "K1"): (None, "taken", 1),
    } == entities(office)


def test_what_is_linked_at_first_is_the_baseline_and_then_kept_in_step(office: Office):
    office.record("customers")["integration_id"] = "AC-1"
    office.record("sites")["integration_id"] = "AS-1"
    office.run()

    assert {} == files(office, 1)
    assert {("baseline", 0)} == {state[1:] for state in entities(office).values()}

    office.uploaded()
    office.record("customers")["email"] = "new@example.com"
    office.record("sites")["name"] = "Head Office"
    office.record("addresses")["line1"] = "2 High St"
    office.record("contacts")["role"] = "Owner"
    office.run(APRIL[0])

    assert {name: [(row[0][0], "UPDATE")] for name, row in ALL_ADDED.items()} == files(office, 2)
    assert ("AC-1", "new@example.com") == tuple(
        office.written(2, "01_customers.csv")[0][column] for column in ("Customer Ref", "Email")
    )
    assert ("AS-1", "AC-1") == tuple(
        office.written(2, "02_sites.csv")[0][column] for column in ("Site Ref", "Customer Ref")
    )


def test_a_later_address_is_added_and_a_later_linked_customer_is_not(office: Office):
    office.record("customers")["integration_id"] = "AC-1"
    office.record("sites")["integration_id"] = "AS-1"
    office.run()
    office.uploaded()
    office.feeds["customers"].append(
        {"customer_id": "C2", "name": "Butchers", "status": "Live", "integration_id": "AC-2"}
    )
    office.feeds["addresses"].append(
        {"address_id": "D2", "customer_id": "C2", "line1": "3 High St", "postcode": "BL1 1AA"}
    )
    office.run(APRIL[0])

    assert {"03_addresses.csv": [("D2", "ADD")]} == files(office, 2)
    assert "baseline" == entities(office)["customer", "C2"][1]


def test_a_cancelled_customer_is_told_once(office: Office):
    office.record("customers")["integration_id"] = "AC-1"
    office.run()
    office.uploaded()
    office.record("customers")["status"] = "Cancelled"
    office.feeds["contacts"].append(
        {"contact_id": "K2", "customer_id": "C1", "last_name": "Second"}
    )
    office.run(APRIL[0])

    assert {"01_customers.csv": [("C1", "UPDATE")]} == files(office, 2)
    assert "Cancelled" == office.written(2, "01_customers.csv")[0]["Status"]
    answer(office, 2)
    assert office.run(APRIL[1]).batch is None


def test_keys_count_what_was_accepted(office: Office):
    office.run()
    keys = {office.written(1, "01_customers.csv")[0]["Row Key"]}
    answer(office)
    for number, day in enumerate(APRIL[:2], start=2):
        office.record("customers")["name"] = f"Bakers {number}"
        office.run(day)
        keys.add(office.written(number, "01_customers.csv")[0]["Row Key"])
        answer(office, number)

    assert 3 == len(keys)
    assert ("AFC000001", "taken", 3) == entities(office)["customer", "C1"]


def test_two_new_customers_of_one_name_wait(office: Office):
    office.feeds["customers"].append({"customer_id": "C2", "name": " bakers", "status": "Live"})
    receipt = office.run()

    assert receipt.batch is None
    assert [
        ("address", "D1", "parent_missing"),
        ("contact", "K1", "parent_missing"),
        ("customer", "C1", "duplicate_name"),
        ("customer", "C2", "duplicate_name"),
        ("site", "S1", "parent_missing"),
    ] == holds(office)
    assert 2 == receipt.warnings["customers: name is that of another customer"]

    office.record("customers", 2)["status"] = "Cancelled"
    office.run(APRIL[0])

    assert ALL_ADDED == files(office, 1)
    assert [] == holds(office)


def test_a_site_waits_for_its_parent(office: Office):
    office.feeds["sites"].append(
        {"site_id": "S0", "customer_id": "C1", "name": "Shed", "parent_site_id": "S1"}
    )
    office.run()

    assert [("site", "S0", "parent_missing")] == holds(office)
    answer(office)
    office.run(APRIL[0])

    assert {"02_sites.csv": [("S0", "ADD")]} == files(office, 2)


def test_what_is_on_its_way_is_left_alone(office: Office):
    (office.folder / "r2b.toml").write_text("delivery = {max_open_batches = 2}", encoding="utf-8")
    office.run()
    office.record("customers")["email"] = "new@example.com"
    office.feeds["contacts"].append(
        {"contact_id": "K2", "customer_id": "C1", "last_name": "Second"}
    )
    office.run(APRIL[0])

    assert not office.batch(2).exists()
    assert [("contact", "K2", "parent_missing")] == holds(office)
    answer(office)
    office.run(APRIL[1])

    assert {
        "01_customers.csv": [("C1", "UPDATE")],
        "04_contacts.csv": [("K2", "ADD")],
    } == files(office, 2)


def test_an_upload_without_refs_waits_for_the_link(office: Office):
    office.run()
    office.uploaded()
    office.record("customers")["email"] = "new@example.com"

    assert office.run(APRIL[0]).batch is None
    office.record("customers")["integration_id"] = "AC-7"
    office.run(APRIL[1])
    assert {"01_customers.csv": [("C1", "UPDATE")]} == files(office, 2)


def test_a_refused_customer_waits_for_a_change_or_a_release(office: Office):
    office.run()
    refused = {"01_customers": "E_VAT", "02_sites": "E_VAT"}
    answer(office, refuse=refused, only=("01_customers", "02_sites"))
    office.abandon()

    assert ("customer", "C1", "affinity_rejected") in holds(office)
    assert office.run(APRIL[0]).batch is None
    assert [("customer:C1", "parked"), ("site:S1", "parked")] == items(office)

    release(office.profile, 1, actor="Ann")
    office.run(APRIL[1])
    assert {"01_customers.csv": [("C1", "ADD")]} == files(office, 2)
    assert [("customer:C1", "in_flight"), ("site:S1", "parked")] == items(office)

    answer(office, 2, refuse={"01_customers": "E_VAT"})
    office.record("customers")["vat_number"] = "GB123"
    office.run(APRIL[2])
    answer(office, 3)
    assert ("customer:C1", "done") in items(office)


def items(office: Office) -> list[tuple[Any, ...]]:
    return office.query("SELECT subject, state FROM ops.retry_item ORDER BY subject")


@pytest.mark.parametrize("is_gone", [False, True])
def test_an_item_of_what_need_not_be_told_any_more_is_done(office: Office, is_gone: bool):
    office.record("customers")["integration_id"] = "AC-1"
    office.record("sites")["integration_id"] = "AS-1"
    office.run()
    office.uploaded()
    office.record("contacts")["role"] = "Owner"
    office.run(APRIL[0])
    answer(office, 2, refuse={"04_contacts": "E_ROLE"})
    if is_gone:
        del office.feeds["contacts"]
    else:
        office.record("contacts")["role"] = ""
    office.run(APRIL[1])

    assert [("contact:K1", "done", "no longer due: nothing to tell")] == office.query(
        "SELECT subject, state, outcome FROM ops.retry_item"
    )
    assert [] == holds(office)


def test_an_item_of_a_record_that_was_rejected_stays(office: Office):
    office.record("customers")["integration_id"] = "AC-1"
    office.record("sites")["integration_id"] = "AS-1"
    office.run()
    office.uploaded()
    office.record("contacts")["role"] = "Owner"
    office.run(APRIL[0])
    answer(office, 2, refuse={"04_contacts": "E_ROLE"})
    office.record("contacts")["last_name"] = ""
    office.run(APRIL[1])

    assert [("contact:K1", "parked")] == items(office)


def test_an_abandoned_batch_is_told_again(office: Office):
    office.run()
    before = [row["Row Key"] for name in ALL_ADDED for row in office.written(1, name)]
    office.abandon()
    assert {"due"} == {state for _, state, _ in entities(office).values()}
    office.run(APRIL[0])

    assert before == [row["Row Key"] for name in ALL_ADDED for row in office.written(2, name)]


def test_two_refs_of_a_site_are_a_hold(office: Office):
    office.record("customers")["integration_id"] = "AC-1"
    office.record("sites")["integration_id"] = "AS-1"
    office.feeds["application_links"] = [
        {
            "application_name": "Affinity",
            "entity_type": "19",
            "entity_id": "S1",
            "integration_id": "AS-2",
        }
    ]
    office.run()

    assert ("site", "S1", "site_link_conflict") in holds(office)


def test_a_custom_product_is_proposed_once(office: Office):
    office.record("customers")["integration_id"] = "AC-1"
    office.record("sites")["integration_id"] = "AS-1"
    office.record("products").update(is_custom="true", external_sku="")
    receipt = office.run()

    assert {"05_new_products.csv": [("P1", "")]} == files(office, 1)
    assert {"sku_pending"} == set(receipt.holds)
    row = office.written(1, "05_new_products.csv")[0]
    assert ("10.0000", "5.5000", "MONTHLY") == tuple(
        row[column] for column in ("Up-front Price", "Recurring Price", "Frequency")
    )
    answer(office)
    assert office.run(APRIL[0]).batch is None

    office.record("products")["external_sku"] = "SKU-9"
    office.run(APRIL[1])
    assert {"SKU-9"} == {row["Product Code"] for row in office.written(2)}


def test_a_layout_of_two_decimals_goes_for_new_products(office: Office):
    office.record("customers")["integration_id"] = "AC-1"
    office.record("sites")["integration_id"] = "AS-1"
    office.record("products").update(is_custom="true", external_sku="")
    layout = '[affinity.layout."05_new_products.csv"]\ndecimals = 2\n'
    (office.folder / "r2b.toml").write_text(layout, encoding="utf-8")
    office.run()

    assert "10.00" == office.written(1, "05_new_products.csv")[0]["Up-front Price"]


def test_what_the_file_cannot_hold_waits(office: Office):
    layout = '[affinity.layout.customers]\nencoding = "ascii"\n'
    (office.folder / "r2b.toml").write_text(layout, encoding="utf-8")
    office.record("customers")["name"] = "Café"
    office.run()

    assert ("customer", "C1", "layout_unfit") in holds(office)


def test_a_plan_says_what_would_be_told_and_tells_nothing(office: Office):
    office.save()
    _, batch = plan(office.profile, AS_OF)

    assert batch is not None
    assert dict.fromkeys(ALL_ADDED, 1) == dict(batch.files)
    assert not office.profile.warehouse.exists()


def test_a_plan_after_the_baseline_sees_what_changed(office: Office):
    office.record("customers")["integration_id"] = "AC-1"
    office.record("sites")["integration_id"] = "AS-1"
    office.run()
    office.uploaded()
    office.record("contacts")["role"] = "Owner"
    office.feeds["contacts"].append(
        {"contact_id": "K2", "customer_id": "C1", "last_name": "Second"}
    )
    office.save()
    _, batch = plan(office.profile, date(2026, 4, 1))

    assert batch is not None
    assert {"04_contacts.csv": 2} == dict(batch.files)


def test_runs_from_before_entities_were_told_do_not_count(office: Office):
    office.record("customers")["integration_id"] = "AC-1"
    office.record("sites")["integration_id"] = "AS-1"
    office.run()
    office.uploaded()
    office.change("DELETE FROM ops.entity_state")
    office.change("UPDATE ops.run SET saw_entities = NULL")
    office.run(APRIL[0])

    assert {("baseline", 0)} == {state[1:] for state in entities(office).values()}
    assert not office.batch(2).exists()


def test_a_feed_that_contradicts_a_result_wins_with_a_warning(office: Office):
    office.run()
    answer(office)
    office.record("customers")["integration_id"] = "AC-9"
    receipt = office.run(APRIL[0])

    warning = "customers: Affinity reference differs from the one its result gave"
    assert 1 == receipt.warnings[warning]
    assert {"AC-9"} == {row["Customer Ref"] for row in office.written(2)}


def test_nobody_is_named_in_the_published_copy(
    office: Office, written: Callable[[Path, int], Office]
):
    office.run()
    answer(office)
    office.record("contacts")["email"] = "second@example.com"
    office.run(APRIL[0])

    content = office.profile.published.read_bytes()
    assert b"baker@example.com" not in content
    assert b"second@example.com" not in content


@pytest.mark.parametrize("breaks_off", [False, True])
def test_a_contact_that_comes_after_the_first_batch_is_told_whatever_became_of_its_run(
    tmp_path: Path, breaks_off: bool, monkeypatch: pytest.MonkeyPatch
):
    office = Office(tmp_path / "office", lines=1)
    contact = {"contact_id": "K1", "customer_id": "C1", "site_id": "S1", "last_name": "Baker"}
    office.feeds["contacts"] = [contact]
    with monkeypatch.context() as patch, contextlib.ExitStack() as ends:
        if breaks_off:
            patch.setattr("flows.billing_run.finish_run", lambda *_, **__: 1 / 0)
            ends.enter_context(pytest.raises(ZeroDivisionError))
        office.run()
    office.uploaded()
    office.feeds["contacts"].append(contact | {"contact_id": "K2"})
    office.run(APRIL[0])

    assert {"04_contacts.csv": [("K2", "ADD")]} == files(office, 2)
