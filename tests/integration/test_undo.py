"""Undoing a confirmed batch: an inverse batch that leaves, and is confirmed, like any other."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.console.answering import out
from flows.console.run_view import show_undo
from flows.console.status_view import show_status
from flows.looking import explain
from flows.queue_desk import list_items
from flows.standing import status
from flows.undo import plan_undo, undo
from flows.wiring import batch_terms, new_run
from sandbox.affinity.__main__ import app
from schemas.errors import IllegalTransition, NotAllowed
from schemas.results import read_results
from tasks.batch.task import claim_undo
from tasks.outbox.transfer_journal import add_decision
from tests.integration.office import Office, Row, tree
from tests.running import AS_OF, mart

Written = Callable[[Path, int], Office]

L1, L2 = ("L1", "recurring"), ("L2", "recurring")
UP1, UP2 = ("L1", "upfront"), ("L2", "upfront")
MOMENT = datetime(2026, 3, 31, 12, 0, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory, written: Written) -> Office:
    """Two lines, four charges, In Billing by batch 1."""
    office = written(tmp_path_factory.mktemp("billed"), 2)
    office.uploaded()
    return office


@pytest.fixture
def office(tmp_path: Path, billed: Office) -> Office:
    return billed.copied(tmp_path / "office")


@pytest.fixture(scope="module")
def undoing(tmp_path_factory: pytest.TempPathFactory, billed: Office) -> Office:
    """The same, and batch 2, which undoes it, written."""
    office = billed.copied(tmp_path_factory.mktemp("undoing") / "office")
    office.undo()
    return office


@pytest.fixture
def going(tmp_path: Path, undoing: Office) -> Office:
    return undoing.copied(tmp_path / "going")


@pytest.fixture(scope="module")
def undone(tmp_path_factory: pytest.TempPathFactory, undoing: Office) -> Office:
    """The same, undone by batch 2."""
    office = undoing.copied(tmp_path_factory.mktemp("undone") / "office")
    office.uploaded(2)
    return office


@pytest.fixture
def after(tmp_path: Path, undone: Office) -> Office:
    return undone.copied(tmp_path / "after")


def ceases(office: Office, seq: int = 2) -> list[Row]:
    return office.written(seq, "07_ceases.csv")


def cease_key(office: Office, charge: tuple[str, str], seq: int = 2) -> str:
    """The row key of the cease of a charge."""
    rows = mart(office.folder, "batch_row", where=f"seq = {seq} AND file = '07_ceases.csv'")
    keys = {(row["line_id"], row["charge_type"]): row["row_key"] for row in rows.to_dicts()}
    return keys[charge]


def ended(office: Office, seq: int = 2) -> list[Row]:
    there = (office.batch(seq) / "06_clis.csv").exists()
    return office.written(seq, "06_clis.csv") if there else []


def answer(office: Office, outcomes: dict[tuple[str, str], str], seq: int = 2) -> Any:
    """Transfer an undo: every CLI accepted, ceases as `outcomes` says, the others unmentioned."""
    rows = [[row["Row Key"], "accepted"] for row in ended(office, seq)]
    for charge, said in outcomes.items():
        outcome, _, code = said.partition(":")
        rows.append(
            [cease_key(office, charge, seq), outcome, code, "Affinity's words" if code else ""]
        )
    return office.transfer(seq, results=office.results(*rows))


def statuses(office: Office) -> dict[tuple[str, str], str]:
    rows = office.query("SELECT line_id, charge_type, status FROM ops.charge_state")
    return {(line, charge_type): status for line, charge_type, status in sorted(rows)}


def numbers(office: Office) -> dict[str, str]:
    """Where each CLI we ever added stands."""
    return dict(sorted(office.query("SELECT cli, status FROM ops.cli_state")))


def refusal(act: Callable[[], Any]) -> str:
    with pytest.raises(IllegalTransition) as refused:
        act()
    return refused.value.message


def test_an_undo_takes_back_every_charge_and_number_of_its_batch(office: Office):
    receipt = office.undo()

    assert (2, 1, 4, "-62.0000") == (
        *(receipt.seq, receipt.undoes, receipt.charges),
        str(receipt.value),
    )
    assert {"06_clis.csv": 2, "07_ceases.csv": 4} == receipt.files
    assert {"06_clis.csv", "07_ceases.csv", "manifest.json"} == {
        path.name for path in office.batch(2).iterdir()
    }


def test_the_cease_file_byte_for_byte(going: Office):

    def key(*parts: str) -> str:
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]

    def cease(number: int, charge_type: str) -> str:
        row_key = key("default", "cease", f"A{number}", charge_type, "2026-03-01")
        return (
            f"AC-1,AS-1,0120460000{number},SKU-1,,{charge_type.upper()},01/03/2026,"
            f"Undo of batch 1,,A{number},{row_key}\r\n"
        )

    def number_cease(number: int) -> str:
        row_key = key("default", "cli", "AS-1", f"0120460000{number}", "cease", "2026-03-01")
        return (
            f"AC-1,AS-1,0120460000{number},CEASE,geographic,,01/03/2026,01/03/2026,,"
            f"A{number},{row_key}\r\n"
        )

    rows = [
        row
        for number in (1, 2)
        for row in sorted(
            (cease(number, charge_type) for charge_type in ("recurring", "upfront")),
            key=lambda row: row[-34:],
        )
    ]
    heading = (
        "Customer Ref,Site Ref,CLI,Product Code,Object UID,Charge Type,Cease Date,Cease Reason,"
        "Replaced By Row Key,Layer Asset ID,Row Key\r\n"
    )
    clis_heading = (
        "Customer Ref,Site Ref,CLI,Action,CLI Type,Range End,Start Date,End Date,Previous CLI,"
        "Layer Asset ID,Row Key\r\n"
    )
    assert (heading + "".join(rows)).encode() == (going.batch(2) / "07_ceases.csv").read_bytes()
    assert (clis_heading + number_cease(1) + number_cease(2)).encode() == (
        going.batch(2) / "06_clis.csv"
    ).read_bytes()


def test_the_manifest_says_what_it_undoes_and_goes_on_with_the_chain(going: Office):
    said = json.loads((going.batch(2) / "manifest.json").read_bytes())
    before = hashlib.sha256((going.batch(1) / "manifest.json").read_bytes()).hexdigest()

    assert (1, 1, before) == (
        *(said["undoes"], said["previous_seq"]),
        said["previous_manifest_sha256"],
    )
    assert [
        ("06_clis.csv", 2, 0, {"upfront": "0.0000", "recurring": "0.0000"}),
        ("07_ceases.csv", 4, 0, {"upfront": "0.0000", "recurring": "0.0000"}),
    ] == [(each["name"], each["rows"], each["quantity"], each["value"]) for each in said["files"]]
    assert {"charges": 4, "value": "62.0000"} == said["dispositions"]["in_billing"]
    assert "canary" not in said


def test_affinitys_own_names_are_used_where_we_know_them(tmp_path: Path):
    office = Office(tmp_path / "office", lines=2)
    office.run()
    office.uploaded()
    office.feeds["affinity_site_products"] = [
        {
            "object_uid": "SP-77",
            "site_ref": "AS-1",
            "product_code": "SKU-1",
            "row_key": office.key("L1", "upfront"),
        }
    ]
    office.record("assets", 2)["object_uid"] = "OBJ-2"
    office.run()
    office.undo()

    assert {
        ("A1", "UPFRONT"): "SP-77",
        ("A1", "RECURRING"): "",
        ("A2", "UPFRONT"): "OBJ-2",
        ("A2", "RECURRING"): "OBJ-2",
    } == {(row["Layer Asset ID"], row["Charge Type"]): row["Object UID"] for row in ceases(office)}


def test_until_it_is_confirmed_everything_stays_in_billing(going: Office):

    assert {"L1": "in_billing", "L2": "in_billing"} == going.dispositions()
    assert {"in_billing"} == set(statuses(going).values())
    assert (2,) == going.run().open_batches
    assert [("Ann", "In Billing", "In Billing", "undo of batch 1 exported: wrong price book")] == (
        going.query(
            "SELECT DISTINCT actor, from_status, to_status, reason FROM ops.ledger "
            "WHERE batch_seq = 2"
        )
    )


def test_what_was_undone_is_not_billed_any_more(after: Office):
    charges = after.charges()

    assert {"undone"} == set(statuses(after).values())
    assert {("held", "Not Billed", None, None)} == {
        (row["disposition"], row["bill_status"], row["batch_seq"], row["in_billing_on"])
        for row in charges.values()
    }
    assert [(*charge, "undone") for charge in sorted(charges)] == after.holds()
    assert {("In Billing", "Not Billed", "undone by batch 2")} == set(
        after.query(
            "SELECT from_status, to_status, reason FROM ops.ledger WHERE to_status = 'Not Billed'"
        )
    )
    assert {"01204600001": "ceased", "01204600002": "ceased"} == numbers(after)


def test_the_layer_is_told_that_it_is_not_billed(after: Office):
    assert (
        b"line_id,charge_type,new_status,bill_start_on,batch_seq\r\n"
        b"L1,recurring,Not Billed,2026-03-01,2\r\n"
        b"L1,upfront,Not Billed,2026-03-01,2\r\n"
        b"L2,recurring,Not Billed,2026-03-01,2\r\n"
        b"L2,upfront,Not Billed,2026-03-01,2\r\n"
    ) == (after.batch(2) / "layer_updates.csv").read_bytes()


def test_what_analysts_see_of_an_undo(after: Office):
    batches = mart(after.folder, "batch").sort("seq")
    rows = mart(after.folder, "batch_row", where="seq = 2 AND file = '07_ceases.csv'")

    assert [(1, "confirmed", "62.0000", None, None), (2, "confirmed", "-62.0000", 1, "Ann")] == [
        (seq, state, str(value), undoes, actor if undoes else None)
        for seq, state, value, undoes, actor in batches.select(
            "seq", "state", "value", "undoes", "actor"
        ).iter_rows()
    ]
    assert ["wrong price book"] == [
        reason for reason in batches["reason"].to_list() if reason is not None
    ]
    assert {("accepted", "L1"), ("accepted", "L2")} == set(
        rows.select("outcome", "line_id").iter_rows()
    )


def test_the_transfer_of_an_undo_counts_what_it_took_back(going: Office):
    receipt = going.uploaded(2)

    assert (1, "confirmed", 4, 0, 0, "-62.0000") == (
        *(receipt.undoes, receipt.state, receipt.accepted, receipt.rejected, receipt.pending),
        str(receipt.accepted_value),
    )
    assert not going.uploaded(2).changed


def test_what_was_undone_is_held_and_never_sent_again(after: Office):
    after.record("products")["recurring_price"] = "7"
    receipt = after.run()

    assert ("nothing_ready", None) == (receipt.status, receipt.batch)
    assert {"undone": 4} == {reason: each.charges for reason, each in receipt.holds.items()}
    assert {"held"} == set(after.dispositions().values())
    assert {"Not Billed"} == {row["bill_status"] for row in after.charges().values()}


def test_while_the_feed_says_in_billing_the_feed_wins(after: Office):
    after.line(1)["recurring_bill_status"] = "In Billing"
    receipt = after.run()

    assert {"L1": "in_billing", "L2": "held"} == after.dispositions()
    assert 1 == receipt.warnings["charges: charge is In Billing in The Layer, but was undone"]
    assert "undone" == statuses(after)[L1]


def test_a_transfer_does_not_hold_what_the_feed_says_is_in_billing(office: Office):
    office.line(1)["recurring_bill_status"] = "In Billing"
    office.run()
    office.undo()
    office.uploaded(2)
    charges = office.charges()

    assert ("in_billing", "In Billing") == (
        charges[L1]["disposition"],
        charges[L1]["bill_status"],
    )
    assert "held" == charges[UP1]["disposition"]
    assert (*L1, "undone") not in office.holds()


def test_a_new_order_line_bills_it_again_on_the_same_number(after: Office):
    after.add_line(3)
    after.line(3)["asset_id"] = "A3"
    after.record("assets", 3)["cli"] = "01204600001"
    after.record("assets", 1)["is_live"] = "false"
    after.feeds["affinity_clis"] = [
        {"site_ref": "AS-1", "cli": "01204600001", "end_on": "2026-03-01"}
    ]
    after.run()

    assert [("L3", "recurring"), ("L3", "upfront")] == after.lines_written(3)
    assert [("01204600001", "UPDATE", "01/03/2026", "")] == [
        (row["CLI"], row["Action"], row["Start Date"], row["End Date"])
        for row in after.written(3, "06_clis.csv")
    ]
    after.uploaded(3)
    assert {"L1": "held", "L2": "held", "L3": "in_billing"} == after.dispositions()


def test_what_was_resold_after_an_undo_can_be_undone_and_its_number_ends_again(after: Office):
    after.add_line(3)
    after.record("assets", 3)["cli"] = "01204600001"
    after.record("assets", 1)["is_live"] = "false"
    after.run()
    after.uploaded(3)
    first = next(row for row in ended(after) if row["CLI"] == "01204600001")
    receipt = after.undo(3)

    assert {"06_clis.csv": 1, "07_ceases.csv": 2} == receipt.files
    (again,) = ended(after, receipt.seq)
    assert first["Row Key"] != again["Row Key"]
    assert {**first, "Row Key": "", "Layer Asset ID": "A3"} == {**again, "Row Key": ""}


def test_a_number_whose_end_was_told_before_ends_with_the_undo(tmp_path: Path, written: Written):
    office = written(tmp_path, 1)
    office.uploaded()
    office.record("assets")["cease_on"] = "2026-12-31"
    office.run()
    office.uploaded(2)
    receipt = office.undo()

    assert [("01204600001", "01/03/2026")] == [
        (row["CLI"], row["End Date"]) for row in ended(office, receipt.seq)
    ]


def test_the_same_asset_cannot_be_ceased_twice_from_the_same_day(after: Office):
    after.add_line(3)
    after.feeds["assets"] = after.feeds["assets"][:2]
    after.line(3)["asset_id"] = "A1"
    after.run()
    after.uploaded(3)
    books = after.books()

    assert refusal(lambda: after.undo(3)).startswith("Undoing batch 3: 2 charge(s) cannot be told")
    assert books == after.books()


def test_only_what_was_accepted_is_undone(tmp_path: Path, written: Written):
    office = written(tmp_path, 2)
    office.answer({L1: "accepted", UP1: "rejected:E1", L2: "accepted"})
    receipt = office.undo()

    assert (2, "-22.0000") == (receipt.charges, str(receipt.value))
    assert {("A1", "RECURRING"), ("A2", "RECURRING")} == {
        (row["Layer Asset ID"], row["Charge Type"]) for row in ceases(office)
    }
    assert ["01204600001"] == [row["CLI"] for row in ended(office)]
    answer(office, {L1: "accepted", L2: "accepted"})
    assert {L1: "undone", UP1: "rejected", L2: "undone", UP2: "exported"} == statuses(office)


def test_a_refused_cease_leaves_its_charge_in_billing_and_waits_in_the_queue(going: Office):
    receipt = answer(
        going, {L1: "accepted", UP1: "rejected:E9", L2: "rejected:BUSY", UP2: "accepted"}
    )

    assert (2, 2, 0, "-31.0000") == (
        *(receipt.accepted, receipt.rejected, receipt.pending),
        str(receipt.accepted_value),
    )
    assert {L1: "undone", UP1: "in_billing", L2: "in_billing", UP2: "undone"} == statuses(going)
    assert ["held", "in_billing", "in_billing", "held"] == [
        going.charges()[charge]["disposition"] for charge in (L1, UP1, L2, UP2)
    ]
    assert [
        ("cease:L1:upfront", "data", "E9", "parked", "20.0000", "Affinity's words"),
        ("cease:L2:recurring", "transient", "BUSY", "waiting", "11.0000", "Affinity's words"),
    ] == sorted(
        (each.subject, each.kind, each.reason, each.state, str(each.value), each.message)
        for each in list_items(going.profile)
    )
    assert "In Billing" == going.charges()[UP1]["bill_status"]
    assert going.charges()[UP1]["in_billing_on"] is not None


def test_running_the_undo_again_covers_what_is_still_in_billing(going: Office):
    answer(going, {L1: "accepted", UP1: "rejected:E9", L2: "accepted", UP2: "accepted"})
    going.run()
    receipt = going.undo()

    assert (3, {"07_ceases.csv": 1}, 1) == (receipt.seq, receipt.files, receipt.charges)
    assert cease_key(going, UP1, 2) == cease_key(going, UP1, 3)
    assert ["in_flight"] == [each.state for each in list_items(going.profile)]
    going.uploaded(3)
    assert {"undone"} == set(statuses(going).values())
    assert [] == list_items(going.profile)


def test_an_open_undo_is_shown_for_what_it_is(going: Office):
    standing = status(going.profile)
    with out.capture() as shown:
        show_status(standing, "default")

    assert [(2, 1, "-62.0000")] == [
        (each["seq"], each["undoes"], str(each["value"])) for each in standing.open_batches
    ]
    assert "written, undoes batch 1" in shown.get()
    assert "-£62.00" in shown.get()


def test_an_undo_that_was_given_up_leaves_everything_in_billing(going: Office):
    going.abandon(2, reason="it was right after all")

    assert {"in_billing"} == set(statuses(going).values())
    assert {"L1": "in_billing", "L2": "in_billing"} == going.dispositions()
    assert {"01204600001": "live", "01204600002": "live"} == numbers(going)
    assert [("In Billing", "In Billing", "undo abandoned: it was right after all")] == going.query(
        "SELECT DISTINCT from_status, to_status, reason FROM ops.ledger "
        "WHERE reason LIKE 'undo abandoned%'"
    )
    assert "nothing_ready" == going.run().status
    again = going.undo()
    assert (3, {"06_clis.csv": 2, "07_ceases.csv": 4}) == (again.seq, again.files)


def test_an_item_of_an_undo_that_was_given_up_waits_for_the_next(going: Office):
    answer(going, {UP1: "rejected:E9", L1: "accepted", L2: "accepted", UP2: "accepted"})
    going.undo()
    going.abandon(3)

    assert [("cease:L1:upfront", "parked")] == [
        (each.subject, each.state) for each in list_items(going.profile)
    ]


def test_ceases_without_an_answer_keep_the_undo_open(going: Office):
    answer(going, {L1: "accepted"})

    assert refusal(going.undo).startswith(
        "Undoing batch 1: batch 2 undoes it already and has rows without an answer"
    )
    going.abandon(2)
    assert 3 == going.undo().charges


def test_a_number_that_another_charge_of_ours_uses_stays(office: Office):
    office.add_line(3)
    office.record("assets", 3)["cli"] = "01204600001"
    office.record("assets", 3)["parent_asset_id"] = "A1"
    office.line(3)["recurring_price"] = "6"
    office.line(3)["upfront_price"] = "0"
    office.line(3)["bill_start_override"] = "2026-03-05"
    office.run()
    assert [("L3", "recurring")] == office.lines_written(2)
    office.uploaded(2)
    office.undo(1)

    assert ["01204600002"] == [row["CLI"] for row in ended(office, 3)]
    office.uploaded(3)
    assert {"01204600001": "live", "01204600002": "ceased"} == numbers(office)


def test_a_number_that_a_billed_charge_has_moved_to_stays(office: Office):
    office.add_line(3)
    office.record("assets", 3).update(cli="01204600003", parent_asset_id="A1")
    office.run()
    office.uploaded(2)
    office.record("assets", 3)["cli"] = "01204600001"
    office.run()
    office.uploaded(3)
    office.undo(1)

    assert ["01204600002"] == [row["CLI"] for row in ended(office, 4)]


def test_additional_numbers_end_with_their_asset(tmp_path: Path):
    office = Office(tmp_path / "office", lines=1)
    office.feeds["asset_numbers"] = [
        {"asset_id": "A1", "cli": "01204700000", "range_end": "01204700009"},
        {"asset_id": "A1", "cli": "01204800000", "start_on": "2026-03-09", "end_on": "2027-03-09"},
    ]
    office.run()
    office.uploaded()
    office.undo()

    assert [
        ("01204600001", "CEASE", "", "01/03/2026", "01/03/2026"),
        ("01204700000", "CEASE", "01204700009", "01/03/2026", "01/03/2026"),
        ("01204800000", "CEASE", "", "09/03/2026", "09/03/2026"),
    ] == [
        (row["CLI"], row["Action"], row["Range End"], row["Start Date"], row["End Date"])
        for row in ended(office)
    ]


def test_two_lines_of_one_asset_cannot_be_told_apart(tmp_path: Path):
    office = Office(tmp_path / "office", lines=2)
    office.line(2)["asset_id"] = "A1"
    office.record("products")["needs_cli"] = "false"
    office.record("assets", 1)["cli"] = ""
    office.run()
    office.uploaded()
    books, before = office.books(), tree(office.profile.outbox)

    assert refusal(office.undo).startswith("Undoing batch 1: 4 charge(s) cannot be told apart")
    assert (books, before) == (office.books(), tree(office.profile.outbox))


def test_what_the_layout_cannot_hold_is_refused_before_anything_is_written(office: Office):
    (office.folder / "r2b.toml").write_text(
        '[affinity.layout.ceases]\nmax_lengths = {"Cease Reason" = 4}\n', encoding="utf-8"
    )

    assert "Undoing batch 1: 4 row(s) do not fit the layout of 07_ceases.csv." == refusal(
        office.undo
    )
    assert [("claim",), ("transfer",)] == office.query(
        "SELECT what FROM ops.ledger_commit ORDER BY commit_no"
    )


def test_a_layout_of_ones_own(office: Office):
    (office.folder / "r2b.toml").write_text(
        "[affinity.layout.ceases]\n"
        'columns = ["Row Key", "Cease Date"]\ndate_format = "%Y-%m-%d"\nmax_rows = 3\n',
        encoding="utf-8",
    )
    receipt = office.undo()

    assert {"06_clis.csv": 2, "07_ceases.csv": 3, "07_ceases_2.csv": 1} == receipt.files
    assert b"Row Key,Cease Date\r\n" in (office.batch(2) / "07_ceases_2.csv").read_bytes()
    assert {"2026-03-01"} == {row["Cease Date"] for row in ceases(office)}


def test_a_batch_that_never_was(office: Office):
    assert "Undoing batch 9: there is no such batch." == refusal(lambda: office.undo(9))


def test_undoing_before_anything_ever_ran(tmp_path: Path):
    office = Office(tmp_path / "office")
    office.save()
    before = tree(tmp_path)

    assert "Undoing batch 1: nothing has run here yet." == refusal(office.undo)
    assert "Undoing batch 1: nothing has run here yet." == refusal(
        lambda: plan_undo(office.profile, 1)
    )
    assert before == tree(tmp_path)


def test_a_batch_that_is_not_confirmed(tmp_path: Path, written: Written):
    office = written(tmp_path, 1)

    assert "Undoing batch 1: it is written, not confirmed." == refusal(office.undo)
    office.abandon()
    assert "Undoing batch 1: nothing of it is In Billing." == refusal(office.undo)


def test_a_batch_of_which_nothing_is_in_billing(tmp_path: Path, written: Written, after: Office):
    refused = written(tmp_path, 1)
    refused.answer({L1: "rejected:E1", UP1: "rejected:E1"})

    assert "Undoing batch 1: nothing of it is In Billing." == refusal(refused.undo)
    assert "Undoing batch 1: nothing of it is In Billing." == refusal(after.undo)


def test_what_was_changed_since_is_not_taken_back_and_that_is_said(office: Office):
    profile = office.folder / "r2b.toml"
    profile.write_text(profile.read_text() + '[changes]\nstyle = "cease_and_add"\n')
    office.record("assets")["recurring_price"] = "9"
    office.run(AS_OF + timedelta(days=1))
    office.uploaded(2)

    assert "Undoing batch 2: it put no charge In Billing, it changed 1." == refusal(
        lambda: office.undo(2)
    )
    receipt = office.undo()
    assert (3, 1) == (receipt.charges, receipt.changed_since)
    with out.capture() as said:
        show_undo(receipt)
    assert "Not taken back: 1 charge that later batches changed" in said.get()
    office.uploaded(3)
    assert "Undoing batch 1: 1 charge(s) of it were changed since" in refusal(office.undo)


def test_an_undo_cannot_be_undone(after: Office):
    assert "Undoing batch 2: it is itself the undo of batch 1." == refusal(lambda: after.undo(2))


def test_an_undo_that_is_open_is_not_written_twice(going: Office):

    assert refusal(going.undo).startswith("Undoing batch 1: batch 2 undoes it already")


def test_an_undo_needs_room_among_the_open_batches(office: Office):
    office.add_line(3)
    office.run()
    books = office.books()

    assert "Undoing batch 1: batch 2 is open." == refusal(office.undo)
    assert books == office.books()
    (office.folder / "r2b.toml").write_text("delivery.max_open_batches = 2\n", encoding="utf-8")
    assert 3 == office.undo().seq


def test_who_may_undo(office: Office):
    (office.folder / "r2b.toml").write_text(
        '[operators]\n"Ann" = ["bill_export"]\n"Bob" = ["approve"]\n', encoding="utf-8"
    )
    with pytest.raises(NotAllowed):
        undo(office.profile, 1, actor="Bob", reason="why not")

    assert not office.batch(2).exists()
    assert 2 == undo(office.profile, 1, actor=" Ann ", reason="it is wrong").seq
    assert [("Ann",)] == office.query("SELECT actor FROM out.batch WHERE seq = 2")


def test_a_plan_of_an_undo_says_what_it_would_write_and_changes_nothing(office: Office):
    before = tree(office.folder)
    planned = plan_undo(office.profile, 1)

    assert before == tree(office.folder)
    done = office.undo()
    assert (planned.is_planned, done.is_planned) == (True, False)
    assert [planned.seq, planned.files, planned.value, planned.charges, planned.path] == [
        *(done.seq, done.files, done.value, done.charges, done.path)
    ]


def test_a_plan_refuses_what_the_undo_would_refuse(tmp_path: Path, written: Written):
    office = written(tmp_path, 1)

    assert "Undoing batch 1: it is written, not confirmed." == refusal(
        lambda: plan_undo(office.profile, 1)
    )


def test_an_undo_that_was_claimed_is_published_by_the_next_run_as_it_was_claimed(
    office: Office, tmp_path: Path
):
    whole = office.copied(tmp_path / "whole")
    whole.undo()
    run, terms = new_run(office.profile, None), batch_terms(office.profile)
    claim_undo(run, terms, 1, actor="Ann", reason="wrong price book")
    assert not office.batch(2).exists()
    receipt = office.run()

    assert ("batch_open", (2,)) == (receipt.status, receipt.open_batches)
    for name in ("06_clis.csv", "07_ceases.csv"):
        assert (whole.batch(2) / name).read_bytes() == (office.batch(2) / name).read_bytes()
    assert 4 == office.uploaded(2).accepted


def test_an_undo_finishes_what_was_left_open_before_it_begins(office: Office):
    run, terms = new_run(office.profile, None), batch_terms(office.profile)
    claim_undo(run, terms, 1, actor="Ann", reason="wrong price book")

    assert refusal(office.undo).startswith("Undoing batch 1: batch 2 undoes it already")
    assert office.batch(2).is_dir()


@pytest.mark.parametrize("kind", ["uploaded", "results", "abandoned"])
def test_a_decision_about_an_undo_is_finished_by_the_next_run(going: Office, kind: str):
    results = going.results(
        [cease_key(going, L1), "accepted"], [cease_key(going, UP1), "rejected", "E9", "no"]
    )
    ((manifest,),) = going.query("SELECT manifest_sha256 FROM out.batch WHERE seq = 2")
    add_decision(
        going.batch(2),
        kind=kind,
        actor="Ann",
        moment=MOMENT,
        manifest_sha256=manifest,
        results=read_results(results)[1] if kind == "results" else None,
        reason="lost" if kind == "abandoned" else None,
    )
    going.run()
    books = going.books()
    expected = {
        "uploaded": ["undone", "undone", "undone"],
        "results": ["undone", "in_billing", "in_billing"],
        "abandoned": ["in_billing", "in_billing", "in_billing"],
    }

    assert expected[kind] == [statuses(going)[charge] for charge in (L1, UP1, L2)]
    assert books == going.books()


def test_numbers_and_chain_have_no_gap_through_runs_undos_and_abandons(after: Office):
    after.add_line(3)
    after.run()
    after.abandon(3)
    after.run()
    after.uploaded(4)
    after.undo(4)
    after.uploaded(5)
    rows = after.query(
        "SELECT seq, previous_manifest_sha256, manifest_sha256, undoes FROM out.batch ORDER BY seq"
    )

    assert [(1, None), (2, 1), (3, None), (4, None), (5, 4)] == [(row[0], row[3]) for row in rows]
    assert [None, *(row[2] for row in rows[:-1])] == [row[1] for row in rows]
    assert [f"{seq:06d}" for seq in range(1, 6)] == sorted(
        path.name for path in after.profile.outbox.iterdir()
    )


def test_a_line_that_is_gone_after_its_undo_is_not_reported(after: Office):
    after.feeds["order_lines"] = after.feeds["order_lines"][:1]
    after.feeds["assets"] = after.feeds["assets"][:1]
    after.run()

    assert {"L1"} == set(after.dispositions())
    assert ["undone", "undone"] == [reason for _, _, reason in after.holds()]


def test_the_story_of_a_line_tells_how_it_was_undone(after: Office):
    story = explain(after.profile, "L1")

    assert ["exported", "accepted", "undo of batch 1 exported: wrong price book"] == [
        each["reason"] for each in story.history if each["charge_type"] == "recurring"
    ][:3]
    assert ("undone by batch 2", "Not Billed", 2) == tuple(
        story.history[-1][name] for name in ("reason", "to_status", "batch_seq")
    )
    assert {"undone"} == {each["reason"] for each in story.holds}
    assert ["undone"] == [
        rule.rule
        for charge in story.verdicts
        if charge.charge_type == "recurring"
        for rule in charge.holds
        if rule.applies
    ]


def test_the_story_of_a_line_tells_what_affinity_said_of_its_undo(going: Office):
    answer(going, {L1: "rejected:E9"})
    story = explain(going.profile, "L1")

    assert ["cease:L1:recurring"] == [item.subject for item in story.queue]
    assert "undo rejected: E9" == story.history[-1]["reason"]


def test_affinity_takes_an_undo_and_then_bills_nothing_of_it(tmp_path: Path):
    office = Office(tmp_path / "office", lines=2)
    office.feeds["asset_numbers"] = [
        {"asset_id": "A1", "cli": "01204700000", "range_end": "01204700009"}
    ]
    office.feeds["affinity_products"] = [{"product_code": "SKU-1", "name": "Line Rental"}]
    office.run()
    before = loaded(office, 1)
    office.transfer(1, results=office.folder / "answer.csv")
    receipt = office.undo()
    after = loaded(office, 2)
    office.transfer(2, results=office.folder / "answer.csv")

    assert {"customers": 1, "sites": 1, "clis": 3, "site_products": 4} == before["live"]
    assert {"06_clis.csv": 3, "07_ceases.csv": 4} == receipt.files
    assert ({"customers": 1, "sites": 1, "clis": 0, "site_products": 0}, 0, 0) == (
        *(after["live"], after["rows_refused"]),
        after["double_bills"],
    )
    assert {"undone"} == set(statuses(office).values())

    office.add_line(3)
    office.record("assets", 3)["cli"] = "01204600001"
    office.record("assets", 1)["is_live"] = "false"
    office.run()
    again = loaded(office, 3)

    assert ({"customers": 1, "sites": 1, "clis": 1, "site_products": 2}, 0, 0) == (
        *(again["live"], again["rows_refused"]),
        again["double_bills"],
    )


def loaded(office: Office, seq: int) -> dict[str, Any]:
    """Load a batch into the stand-in, which answers in `answer.csv`; its audit."""
    state = ("--state", str(office.folder / "affinity"))
    given = ("--catalogue", str(office.folder / "feeds"))
    results = ("--results", str(office.folder / "answer.csv"))
    done = CliRunner().invoke(app, ["load", str(office.batch(seq)), *state, *given, *results])
    assert 0 == done.exit_code, done.output
    return json.loads(CliRunner().invoke(app, ["audit", *state, "--json"]).stdout)


def test_a_canary_that_was_undone_is_followed_by_another(tmp_path: Path):
    office = Office(tmp_path / "office", lines=3, profile="delivery.canary_rows = 2\n")
    office.run()
    office.uploaded()
    office.undo()
    office.uploaded(2)
    receipt = office.run(AS_OF + timedelta(days=1))

    assert (3, True) == (receipt.batch.seq, receipt.batch.is_canary)


def test_numbers_are_opened_again_where_affinity_took_no_charge_back(tmp_path: Path):
    office = Office(tmp_path / "office", lines=1)
    office.run()
    office.uploaded()
    office.undo(1)
    (number,) = office.written(2, "06_clis.csv")
    refused = [[row["Row Key"], "rejected", "E1"] for row in office.written(2, "07_ceases.csv")]
    office.transfer(2, results=office.results([number["Row Key"], "accepted"], *refused))

    assert "batch_written" == office.run(AS_OF + timedelta(days=1)).status
    (opened,) = office.written(3, "06_clis.csv")
    told = ("CLI", "Action", "Start Date", "End Date")
    assert [number["CLI"], "UPDATE", "01/03/2026", ""] == [opened[name] for name in told]
    office.uploaded(3)
    assert "nothing_ready" == office.run(AS_OF + timedelta(days=2)).status
