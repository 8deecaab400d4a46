"""What Affinity shows is there, is there; what it does not show proves nothing. Section 5."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.plan import plan
from flows.queue_desk import list_items
from tasks.outbox.transfer_journal import add_decision
from tasks.transfer.proof import found_file
from tests.integration.office import Office, tree
from tests.integration.test_recovery import MOMENT
from tests.running import AS_OF, mart
from warehouse.connection import file_sha256

Written = Callable[[Path, int], Office]

L1, UP1 = ("L1", "recurring"), ("L1", "upfront")


@pytest.fixture
def office(tmp_path: Path, written: Written) -> Office:
    """One line in batch 1: its CLI and two charges."""
    return written(tmp_path, 1)


def shows(office: Office, *keys: str, clis: bool = False) -> Office:
    """Affinity's snapshots come with the next run: these rows, a stranger's, our CLI or another."""
    office.feeds["affinity_site_products"] = [
        {
            "object_uid": f"SN{number}",
            "site_ref": "AS-1",
            "product_code": "SKU-1",
            "charge_type": "recurring",
            "row_key": key,
        }
        for number, key in enumerate((*keys, "f" * 32), start=1)
    ]
    cli = "+44 1204 600001" if clis else "01204999999"
    office.feeds["affinity_clis"] = [{"site_ref": "AS-1", "cli": cli, "end_on": ""}]
    return office


def standing(office: Office) -> dict[tuple[str, str], str]:
    rows = office.query("SELECT line_id, charge_type, status FROM ops.charge_state")
    return {(line, charge_type): status for line, charge_type, status in rows}


def batch_state(office: Office, seq: int = 1) -> str:
    ((state,),) = office.query(f"SELECT state FROM out.batch WHERE seq = {seq}")
    return state


def test_all_rows_found_confirm_the_batch(office: Office):
    receipt = shows(office, office.key(*L1), office.key(*UP1), clis=True).run()

    assert ("confirmed", "nothing_ready") == (batch_state(office), receipt.status)
    assert {L1: "in_billing", UP1: "in_billing"} == standing(office)
    assert 0 == mart(office.folder, "unconfirmed_row").height
    assert {("accepted", "READ_BACK")} == set(
        office.query("SELECT outcome, code FROM out.batch_outcome")
    )
    assert {("accepted", f"read-back of run {receipt.run_id}")} == set(
        office.query("SELECT reason, actor FROM ops.ledger WHERE to_status = 'In Billing'")
    )
    assert 3 == len((office.batch() / "layer_updates.csv").read_text().splitlines())


def test_the_evidence_is_kept(office: Office):
    shows(office, office.key(*L1)).run()
    (decision,) = json.loads((office.batch() / "transfer.json").read_bytes())["decisions"]

    assert ("read_back", "results_1.csv") == (decision["kind"], decision["results"])
    assert office.key(*L1) in (office.batch() / "results_1.csv").read_text()


def test_part_of_a_batch_is_proven_and_the_rest_stays_exported(office: Office):
    shows(office, office.key(*L1)).run()

    assert ("confirmed", {L1: "in_billing", UP1: "exported"}) == (
        batch_state(office),
        standing(office),
    )
    assert 1 == office.answer({UP1: "rejected:E1"}).rejected


def test_a_cli_alone_has_its_outcome_but_confirms_nothing(office: Office):
    shows(office, clis=True).run()

    assert ("written", [("live",)]) == (
        batch_state(office),
        office.query("SELECT status FROM ops.cli_state"),
    )
    assert not (office.batch() / "layer_updates.csv").exists()
    assert 2 == office.uploaded().accepted


def test_only_the_row_key_proves_a_product(office: Office):
    shows(office)
    office.record("affinity_site_products").update(
        object_uid="SN1", cli="01204600001", quantity="2", unit_price="5.5", start_on="2026-03-01"
    )
    office.run()

    assert {L1: "exported", UP1: "exported"} == standing(office)


def test_absence_is_no_proof(office: Office):
    shows(office).run()

    assert ("written", {L1: "exported", UP1: "exported"}) == (
        batch_state(office),
        standing(office),
    )


def test_what_an_answer_says_later_does_not_undo_the_proof(office: Office):
    shows(office, office.key(*L1), clis=True).run()
    receipt = office.answer({L1: "rejected:DUPLICATE", UP1: "accepted"})

    assert (2, 0) == (receipt.accepted, receipt.rejected)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(lambda office: office.abandon(), id="abandoned"),
        pytest.param(lambda office: office.answer({L1: "rejected:E1"}), id="rejected"),
    ],
)
def test_what_is_there_after_all_is_never_sent_again(
    office: Office, before: Callable[[Office], Any]
):
    before(office)
    office.line(1)["quantity"] = "3"
    receipt = shows(office, office.key(*L1)).run()
    warned = {what: count for what, count in receipt.warnings.items() if "had it" in what}

    assert "in_billing" == standing(office)[L1]
    assert L1 not in (office.lines_added(2) if receipt.batch else [])
    assert [("read back: found in Affinity",)] == office.query(
        "SELECT reason FROM ops.ledger "
        "WHERE to_status = 'In Billing' AND from_status <> 'In Billing'"
    )
    assert {"affinity_site_products: billed there, but we had it as not accepted": 1} == warned
    assert [] == [
        item for item in list_items(office.profile) if item.subject.endswith("L1:recurring")
    ]
    assert b"L1,recurring,In Billing" in (office.batch() / "layer_updates.csv").read_bytes()

    books = office.books()
    again = office.run()
    assert (books["ops.ledger"], {}) == (
        office.books()["ops.ledger"],
        {what: count for what, count in again.warnings.items() if "had it" in what},
    )


def test_a_bystander_that_is_there_after_all_is_never_sent_again(tmp_path: Path, written: Written):
    office = written(tmp_path, 1)
    (office.folder / "r2b.toml").write_text('delivery.failure_scope = "file"', encoding="utf-8")
    office.answer({L1: "rejected:E1"})
    receipt = shows(office, office.key(*UP1)).run()

    assert (None, {L1: "rejected", UP1: "in_billing"}) == (receipt.batch, standing(office))


def test_a_row_that_is_on_its_way_again_is_proven_in_its_new_batch(office: Office):
    office.abandon()
    office.run()
    shows(office, office.key(*L1)).run()

    assert ("abandoned", "confirmed") == (batch_state(office, 1), batch_state(office, 2))
    assert [(2,)] == office.query("SELECT batch_seq FROM ops.ledger WHERE to_status = 'In Billing'")


def test_a_row_of_another_batch_proves_nothing_of_one_that_says_otherwise(office: Office):
    office.abandon(1)
    office.record("products")["recurring_price"] = "6"
    office.run(AS_OF + timedelta(days=1))
    shows(office, office.key(*L1), office.key(*UP1))
    for row in office.feeds["affinity_site_products"]:
        row.update(quantity="2", unit_price="5.5")
    office.feeds["affinity_site_products"][1]["unit_price"] = "10"
    office.run(AS_OF + timedelta(days=2))

    assert {L1: "exported", UP1: "in_billing"} == standing(office)


def test_what_was_taken_out_again_is_not_billed(office: Office):
    shows(office, office.key(*L1))
    office.feeds["affinity_site_products"][0].update(start_on="2026-03-01", end_on="2026-03-01")
    office.run(AS_OF + timedelta(days=1))

    assert {L1: "exported", UP1: "exported"} == standing(office)


def test_without_a_snapshot_nothing_happens(tmp_path: Path):
    office = Office(tmp_path, lines=1, profile='feeds.mode = "delta"\n')
    office.run()
    first = office.key(*L1)
    shows(office, first)
    office.feeds = {"affinity_site_products": office.feeds["affinity_site_products"]}
    office.run()
    assert "in_billing" == standing(office)[L1]

    office.abandon()
    office.change(
        "UPDATE ops.charge_state SET status = 'abandoned' WHERE charge_type = 'recurring'"
    )
    office.feeds = {}
    office.run()
    assert "in_billing" != standing(office)[L1]


def test_a_crash_between_the_journal_and_the_warehouse_is_finished(office: Office):
    add_decision(
        office.batch(),
        kind="read_back",
        actor="read-back of run X",
        moment=MOMENT,
        manifest_sha256=file_sha256(office.batch() / "manifest.json"),
        results=found_file(pl.Series([office.key(*L1)])),
    )
    office.run()

    assert ("confirmed", "in_billing") == (batch_state(office), standing(office)[L1])
    assert 1 == len(json.loads((office.batch() / "transfer.json").read_bytes())["decisions"])
    assert [("read-back of run X",)] == office.query(
        "SELECT actor FROM ops.ledger_commit WHERE what = 'transfer'"
    )


def test_a_crash_that_left_an_abandoned_batch_half_overruled_is_finished(office: Office):
    office.abandon()
    add_decision(
        office.batch(),
        kind="read_back",
        actor="read-back of run X",
        moment=MOMENT,
        manifest_sha256=file_sha256(office.batch() / "manifest.json"),
        results=found_file(pl.Series([office.key(*L1)])),
    )
    office.run()

    assert [UP1] == office.lines_written(2)
    assert "in_billing" == standing(office)[L1]


def test_a_plan_foresees_it_and_has_no_effect(office: Office):
    office.abandon()
    shows(office, office.key(*L1)).save()
    before = tree(office.folder)
    receipt, batch = plan(office.profile, AS_OF)

    assert before == tree(office.folder)
    assert 1 == receipt.dispositions["in_billing"].charges
    assert {"06_clis.csv": 1, "08_products.csv": 1} == batch.files


def test_a_batch_whose_folder_is_gone_is_left_alone_and_reported(office: Office):
    key = office.key(*L1)
    office.batch().rename(office.folder / "archived")
    receipt = shows(office, key).run()

    assert {L1: "exported", UP1: "exported"} == standing(office)
    assert 1 == receipt.warnings["batches: rows found in Affinity, but the batch's folder is gone"]


# rows without an answer


def test_rows_without_an_answer_are_listed_with_age_and_money(office: Office):
    office.answer({UP1: "accepted"})
    shows(office).run(AS_OF + timedelta(days=2))
    rows = mart(office.folder, "unconfirmed_row").to_dicts()

    assert [("L1", "recurring", 2, "11.0000", True, "08_products.csv")] == [
        (*(row[c] for c in ("line_id", "charge_type", "age_days")), str(row["value"]), *seen(row))
        for row in rows
    ]


def seen(row: dict[str, Any]) -> tuple[bool, str]:
    return row["never_seen"], row["file"]


def test_before_a_snapshot_came_nobody_can_say_that_a_row_is_not_there(office: Office):
    office.run()

    assert {False} == set(mart(office.folder, "unconfirmed_row")["never_seen"])


@pytest.mark.parametrize(
    ("profile", "days", "warns"),
    [
        pytest.param("", 3, False, id="three days are no alarm"),
        pytest.param("", 4, True, id="four are"),
        pytest.param("delivery.alarm_after_days = 0\n", 1, True, id="the profile says how many"),
    ],
)
def test_old_rows_without_an_answer_are_a_warning(
    office: Office, profile: str, days: int, warns: bool
):
    (office.folder / "r2b.toml").write_text(profile, encoding="utf-8")
    receipt = office.run(AS_OF + timedelta(days=days))
    limit = 0 if profile else 3
    expected = {f"batches: rows exported more than {limit} days ago have no answer": 3}

    assert (expected if warns else {}) == dict(receipt.warnings)


def test_what_affinity_bills_is_not_sent_again_though_its_folder_is_gone(office: Office):
    """What cannot be journalled is not decided; nor is it handed over a second time."""
    key = office.key(*L1)
    office.abandon()
    office.batch().rename(office.folder / "archived")
    shows(office, key).run()
    first = (standing(office)[L1], office.holds(), office.lines_written(2))
    del office.feeds["affinity_site_products"], office.feeds["affinity_clis"]
    office.answer({UP1: "accepted"}, seq=2)
    receipt = office.run(AS_OF + timedelta(days=1))
    held = office.holds()
    (office.folder / "archived").rename(office.batch())
    shows(office, key).run(AS_OF + timedelta(days=2))

    assert ("abandoned", [(*L1, "suspected_duplicate")], [UP1]) == first
    assert ((), [(*L1, "suspected_duplicate")]) == (receipt.batches, held)
    assert ("in_billing", []) == (standing(office)[L1], office.holds())


def test_evidence_of_a_delta_waits_for_the_folder_it_is_journalled_in(tmp_path: Path):
    office = Office(tmp_path / "office", lines=1, profile='[feeds]\nmode = "delta"\n')
    office.run()
    key = office.key(*L1)
    office.feeds = {}
    office.batch().rename(office.folder / "archived")
    receipt = shows(office, key).run()
    (office.folder / "archived").rename(office.batch())
    office.feeds = {}
    office.run()

    assert 1 == receipt.warnings["batches: rows found in Affinity, but the batch's folder is gone"]
    assert "in_billing" == standing(office)[L1]
