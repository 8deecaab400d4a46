"""Whatever a crash left, the next run finishes or refuses; nothing is lost or done twice."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.judging import judging_terms, rule_columns
from flows.wiring import batch_terms, landed_folder, new_run, open_source, reading_terms
from schemas.receipts import RunRef
from schemas.results import read_results
from tasks.batch.task import BatchTerms, claim_batch, publish_batch
from tasks.contracts.task import accept_records
from tasks.layer.task import land_feeds
from tasks.outbox.transfer_journal import add_decision
from tasks.ready_to_bill.task import judge_charges
from tasks.runs.task import start_run
from tests.integration.office import Office, tree
from tests.running import AS_OF
from warehouse.connection import prepare_warehouse

Written = Callable[[Path, int], Office]

L1, UP1 = ("L1", "recurring"), ("L1", "upfront")
MOMENT = datetime(2026, 3, 31, 12, 0, tzinfo=UTC).replace(tzinfo=None)


def run_up_to_the_claim(office: Office) -> tuple[RunRef, BatchTerms]:
    """A run that dies between claiming its batch and publishing it."""
    office.save()
    profile = office.profile
    run, terms = new_run(profile, AS_OF), batch_terms(profile)
    prepare_warehouse(profile.warehouse)
    start_run(run, profile_sha256=profile.sha256)
    landed = land_feeds(open_source(profile), landed_folder(profile), need_all=True)
    accept_records(run, landed, reading_terms(profile))
    on = judging_terms(profile, run.as_of, other_platforms=(), catalogue_given=False)
    claim = claim_batch(run, terms, judge_charges(run, on, rule_columns(profile)))
    assert 1 == claim.seq
    return run, terms


def state(office: Office) -> str:
    ((found,),) = office.query("SELECT state FROM out.batch")
    return found


def test_a_claimed_batch_is_published_by_the_next_run_as_it_was_claimed(tmp_path: Path):
    office, whole = Office(tmp_path / "cut"), Office(tmp_path / "whole")
    run_up_to_the_claim(office)
    whole.run()
    assert not office.batch().exists()
    office.line(1)["quantity"] = "99"
    receipt = office.run()

    assert ("batch_open", "written") == (receipt.status, state(office))
    assert [row["Quantity"] for row in whole.written()] == [
        row["Quantity"] for row in office.written()
    ]
    for name in ("06_clis.csv", "08_products.csv"):
        assert (whole.batch() / name).read_bytes() == (office.batch() / name).read_bytes()


def test_what_an_unfinished_publication_left_is_swept(tmp_path: Path):
    office = Office(tmp_path)
    run_up_to_the_claim(office)
    aside = office.profile.outbox / ".000001.part"
    aside.mkdir(parents=True)
    (aside / "06_clis.csv").write_text("half a fi", encoding="utf-8")
    (aside / "07_ceases.csv").write_text("of another day", encoding="utf-8")
    office.run()

    assert ["000001"] == [path.name for path in office.profile.outbox.iterdir()]
    assert ["01204600001", "01204600002"] == [
        row["CLI"] for row in office.written(file="06_clis.csv")
    ]
    assert not (office.batch() / "07_ceases.csv").exists()


@pytest.mark.parametrize(
    "forgotten",
    [
        pytest.param("written_at = NULL", id="died before it was noted"),
        pytest.param("written_at = NULL, manifest_sha256 = NULL", id="restored from before"),
    ],
)
def test_a_batch_that_was_published_but_not_noted_is_noted(tmp_path: Path, forgotten: str):
    office = Office(tmp_path)
    run, terms = run_up_to_the_claim(office)
    publish_batch(run, terms, 1)
    office.change(f"UPDATE out.batch SET state = 'claimed', {forgotten}")
    before = tree(office.profile.outbox)
    receipt = office.run()

    assert ("batch_open", "written") == (receipt.status, state(office))
    assert before == tree(office.profile.outbox)
    digest = before["000001/manifest.json"]
    assert [(digest,)] == office.query("SELECT manifest_sha256 FROM out.batch")


def test_a_folder_that_is_not_the_one_that_was_claimed_stops_the_run(tmp_path: Path):
    office = Office(tmp_path)
    run_up_to_the_claim(office)
    office.batch().mkdir(parents=True)
    (office.batch() / "manifest.json").write_text("{}", encoding="utf-8")
    job = office.job()

    assert 50 == job.exit_code
    assert "Recovering batch 1: its folder is not the one that was claimed." in job.error


def test_a_folder_without_a_manifest_stops_the_run(tmp_path: Path):
    office = Office(tmp_path)
    run_up_to_the_claim(office)
    office.batch().mkdir(parents=True)

    assert 50 == office.job().exit_code


def test_the_page_of_a_run_that_died_is_closed(tmp_path: Path):
    office = Office(tmp_path)
    run_up_to_the_claim(office)
    office.run()

    assert [("batch_open",), ("failed",)] == office.query("SELECT status FROM ops.run ORDER BY 1")


def decide(office: Office, kind: str, *, results: Path | None = None) -> None:
    """A transfer that dies after its decision is on disk and before the warehouse moved."""
    ((manifest,),) = office.query("SELECT manifest_sha256 FROM out.batch")
    add_decision(
        office.batch(),
        kind=kind,
        actor="Ann",
        moment=MOMENT,
        manifest_sha256=manifest,
        results=read_results(results)[1] if results else None,
        reason="lost" if kind == "abandoned" else None,
    )


def test_an_upload_that_was_decided_is_committed_by_the_next_run(tmp_path: Path, written: Written):
    office = written(tmp_path, 1)
    decide(office, "uploaded")
    receipt = office.run()

    assert ("nothing_ready", "confirmed") == (receipt.status, state(office))
    assert {"L1": "in_billing"} == office.dispositions()
    assert (office.batch() / "layer_updates.csv").exists()
    assert {("Ann", MOMENT)} == set(
        office.query("SELECT actor, \"at\" FROM ops.ledger WHERE to_status = 'In Billing'")
    )


def test_a_result_that_was_decided_is_committed_by_the_next_run(tmp_path: Path, written: Written):
    office = written(tmp_path, 1)
    answers = office.answers({L1: "accepted", UP1: "rejected:E1"})
    decide(office, "results", results=office.results(*answers))
    office.run()

    assert ("in_billing", "held") == tuple(office.charges()[k]["disposition"] for k in (L1, UP1))
    assert [("charge:L1:upfront",)] == office.query("SELECT subject FROM ops.retry_item")


def test_an_abandonment_that_was_decided_is_committed_by_the_next_run(
    tmp_path: Path, written: Written
):
    office = written(tmp_path, 1)
    decide(office, "abandoned")
    receipt = office.run()

    assert 2 == receipt.batch.seq
    assert [("abandoned", "lost"), ("written", None)] == office.query(
        "SELECT state, reason FROM out.batch ORDER BY seq"
    )


def test_a_decision_is_committed_once(tmp_path: Path, written: Written):
    office = written(tmp_path, 1)
    decide(office, "uploaded")
    office.run()
    books = office.books()
    office.run()
    office.uploaded()

    assert books == office.books()


def test_the_transfer_itself_finishes_what_was_cut_off(tmp_path: Path, written: Written):
    office = written(tmp_path, 1)
    decide(office, "uploaded")
    receipt = office.uploaded(by="Bob")

    assert 2 == receipt.accepted
    assert [("Ann",)] == office.query("SELECT actor FROM ops.ledger_commit WHERE what = 'transfer'")


def test_a_write_back_file_that_was_not_written_is_written(tmp_path: Path, written: Written):
    office = written(tmp_path, 1)
    updates = office.uploaded().layer_updates
    content = updates.read_bytes()
    updates.unlink()
    office.run()

    assert content == updates.read_bytes()


def test_a_warehouse_older_than_the_outbox_stops_the_run(tmp_path: Path, written: Written):
    office = written(tmp_path, 1)
    shutil.copy(office.profile.warehouse, tmp_path / "backup")
    office.abandon()
    office.run()
    (tmp_path / "backup").replace(office.profile.warehouse)
    before = tree(office.profile.outbox)
    job = office.job()

    assert (61, before) == (job.exit_code, tree(office.profile.outbox))
    assert "the outbox holds batch 2, but the warehouse knows 1." in job.error


def test_a_warehouse_that_is_gone_stops_the_run(tmp_path: Path, written: Written):
    office = written(tmp_path, 1)
    office.profile.warehouse.unlink()
    job = office.job()

    assert 61 == job.exit_code
    assert "the outbox holds batch 1, but the warehouse knows none." in job.error


def test_a_confirmed_batch_whose_folder_was_archived_stops_nothing(
    tmp_path: Path, written: Written
):
    office = written(tmp_path, 1)
    office.uploaded()
    shutil.move(office.batch(), tmp_path / "archive")
    office.add_line(2)

    assert 2 == office.run().batch.seq


def test_an_open_batch_whose_folder_is_gone_stops_the_transfer(tmp_path: Path, written: Written):
    office = written(tmp_path, 1)
    shutil.move(office.batch(), tmp_path / "archive")

    assert "batch_open" == office.run().status
    assert "abandoned" == office.abandon().state


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="an empty file"),
        pytest.param(b'{"decisions": [', id="half a file"),
        pytest.param(b"[]", id="something else"),
    ],
)
def test_a_journal_that_cannot_be_read_stops_the_run(
    tmp_path: Path, written: Written, content: bytes
):
    office = written(tmp_path, 1)
    (office.batch() / "transfer.json").write_bytes(content)

    assert 50 == office.job().exit_code


def test_the_journal_tells_who_decided_what_when_and_on_which_files(
    tmp_path: Path, written: Written
):
    office = written(tmp_path, 1)
    office.answer({L1: "accepted"})
    office.uploaded(by="Bob")
    said = json.loads((office.batch() / "transfer.json").read_bytes())["decisions"]
    ((manifest,),) = office.query("SELECT manifest_sha256 FROM out.batch")

    assert [("results", "upload result"), ("uploaded", "Bob")] == [
        (each["kind"], each["actor"]) for each in said
    ]
    assert {manifest} == {each["manifest_sha256"] for each in said}
    assert (office.batch() / "results_1.csv").read_bytes() == (
        office.folder / "results.csv"
    ).read_bytes()
