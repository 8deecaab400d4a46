"""Deliveries cut off, in doubt, given up: who may decide what, and what is never done twice."""

import contextlib
import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from flows.deliveries import carry_open
from flows.queue_desk import discard, release
from flows.retry_queue import drain
from flows.undo import undo
from flows.ways import delivery_terms, open_delivery
from sandbox.affinity.uploads import Loading
from schemas.errors import DeliveryIncomplete, IllegalTransition, NotAllowed, UsageError
from schemas.vocabulary import FileState
from tasks.affinity.carrying import NOT_TAKEN_YET
from tasks.affinity.folder import DropFolders, FolderDelivery
from tasks.affinity.port import results_name
from tasks.affinity.task import collect_answers
from tasks.outbox.delivery_journal import write_delivery
from tasks.outbox.transfer_journal import add_decision
from tests.exchange import TOKEN, Exchange, exchange, names
from tests.integration.office import Office
from tests.loopback import answering
from tests.running import mart

R2B = Path(sys.executable).with_name("r2b")
CUT_AFTER = {"on": "upload", "do": "cut_after", "name": "*06_clis.csv"}
CUT_BEFORE = {"on": "upload", "do": "cut_before", "name": "*06_clis.csv"}
NOBODY_ANSWERS = {"on": "ask", "do": "503", "skip": 1, "times": -1}


def cannot_ask(both: Exchange) -> None:
    """A profile by which Affinity cannot be asked what it has."""
    path = both.office.folder / "r2b.toml"
    path.write_text(path.read_text(encoding="utf-8") + 'ask = ""\n', encoding="utf-8")


@pytest.fixture
def both(tmp_path: Path, written: Callable[[Path, int], Office]) -> Iterator[Exchange]:
    """Batch 1 is written and goes over HTTP; nothing of it has left."""
    with exchange(written(tmp_path, 2), "http") as both:
        yield both


@pytest.fixture
def doubted(both: Exchange) -> Exchange:
    """The CLI file arrived, the answer was lost, and nobody can be asked."""
    cannot_ask(both)
    both.stand_in.behave([CUT_AFTER])
    receipt = both.deliver()
    assert ("in_doubt", True) == (receipt.state, receipt.failed)
    return both


def test_where_nobody_can_be_asked_a_lost_answer_waits_for_a_person(doubted: Exchange):
    sent = doubted.uploads()
    again = doubted.deliver()

    assert ("in_doubt", True) == (again.state, again.failed)
    assert (1, 1) == (sent, doubted.uploads())
    assert [("delivery:1", "data", "in_doubt", "parked")] == doubted.queue()
    assert "nobody can be asked" in doubted.journal().doubt


def test_without_asking_a_whole_answer_is_receipt_enough(both: Exchange):
    cannot_ask(both)

    assert "confirmed" == both.deliver().state
    assert 2 == both.uploads()


def test_what_only_lies_there_is_not_taken(tmp_path: Path, written: Callable[[Path, int], Office]):
    """The product file waits until the loader has taken the CLI file."""
    rules = [{"on": "load", "do": "never", "name": "*06_clis.csv", "times": -1}]
    with exchange(written(tmp_path, 2), "folder", rules=rules, waits=0.2) as both:
        receipt = both.deliver()

        assert ("written", False, NOT_TAKEN_YET) == (receipt.state, receipt.failed, receipt.trouble)
        assert ["stored", "pending"] == both.states()
        assert [("delivery:1", "transient", "not_taken", "waiting")] == both.queue()


def test_what_was_there_and_is_gone_is_not_sent_again(
    tmp_path: Path, written: Callable[[Path, int], Office]
):
    rules = [{"on": "load", "do": "never", "name": "*06_clis.csv", "times": -1}]
    with exchange(written(tmp_path, 2), "folder", rules=rules, waits=0.2) as both:
        both.deliver()
        assert both.stand_in.drop is not None
        inbox = both.stand_in.drop / "inbox"
        (inbox / names()[0]).unlink()

        receipt = both.deliver()

        assert ("in_doubt", True) == (receipt.state, receipt.failed)
        assert "is not there any more" in receipt.trouble
        assert [] == list(inbox.iterdir())


def test_an_answer_to_one_of_the_files_is_not_the_answer(
    tmp_path: Path, written: Callable[[Path, int], Office]
):
    rules = [{"on": "load", "do": "late", "name": "*08_products.csv", "asks": 10_000, "times": -1}]
    with exchange(written(tmp_path, 2), "http", rules=rules, for_answers=0.2) as both:
        both.deliver()

        assert "delivered" == both.state()
        assert [] == both.office.query("FROM out.batch_outcome")


def test_an_answer_that_is_still_being_written_is_not_taken(
    tmp_path: Path, written: Callable[[Path, int], Office]
):
    """Where one refused row takes its file along, what is not mentioned yet would be sent again."""
    more = 'failure_scope = "file"'
    rules = [{"on": "load", "do": "late", "name": "*08_products.csv", "asks": 10_000, "times": -1}]
    with exchange(written(tmp_path, 2), "folder", rules=rules, for_answers=0.2, more=more) as both:
        both.deliver()
        assert both.stand_in.drop is not None
        path = both.stand_in.drop / "results" / results_name(names()[1])
        first, *others = (row["Row Key"] for row in both.office.written())
        loader = [f"{first},rejected,NO_RATE,\n", *(f"{key},accepted,,\n" for key in others)]
        path.write_text("row_key,outcome,code,message\n" + loader.pop(0), encoding="utf-8")

        class WhileItIsWritten(FolderDelivery):
            """A drop in which the loader writes on between two looks."""

            def results(self, remote_name: str) -> bytes | None:
                content = super().results(remote_name)
                if loader and remote_name == names()[1]:
                    with path.open("a", encoding="utf-8") as file:
                        file.write(loader.pop(0))
                return content

        places = ("inbox", "archive", "error", "results")
        drop = DropFolders(**{name: both.stand_in.drop / name for name in places})
        slow = WhileItIsWritten(drop)
        terms = delivery_terms(both.office.profile)

        def answer() -> object:
            return collect_answers(both.office.profile.warehouse, 1, slow, terms)

        assert [None, None] == [answer(), answer()]
        assert answer() is not None


def test_a_person_says_that_it_arrived(doubted: Exchange):
    receipt = doubted.deliver(arrived=True)

    assert "confirmed" == receipt.state
    assert names() == doubted.loads()
    assert [("06_clis.csv", "arrived", "Ann")] == [
        (each["file"], each["said"], each["actor"]) for each in doubted.journal().decisions
    ]
    assert [] == doubted.queue()
    doubted.check()


def test_a_person_says_that_it_is_absent(both: Exchange):
    cannot_ask(both)
    both.stand_in.behave([CUT_BEFORE])
    both.deliver()
    receipt = both.deliver(arrived=False)

    assert "confirmed" == receipt.state
    assert names() == both.loads()
    both.check()


def test_a_person_who_is_wrong_does_no_harm_where_names_are_kept(doubted: Exchange):
    """They say absent, but it is there: the name is taken, so it is in doubt again, not double."""
    receipt = doubted.deliver(arrived=False)

    assert "in_doubt" == receipt.state
    assert names()[:1] == doubted.loads()


def test_where_it_can_be_asked_a_wrong_word_is_corrected(both: Exchange):
    both.stand_in.behave([CUT_AFTER, NOBODY_ANSWERS])
    both.deliver()
    both.stand_in.behave([])
    receipt = both.deliver(arrived=False)

    assert "confirmed" == receipt.state
    assert 2 == both.uploads()
    both.check()


def test_only_who_may_approve_settles_a_doubt(doubted: Exchange):
    path = doubted.office.folder / "r2b.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f'{text}\n[operators]\nAnn = ["bill_export"]\n', encoding="utf-8")

    with pytest.raises(NotAllowed):
        doubted.deliver(arrived=True)

    assert "in_doubt" == doubted.state()


def test_what_is_in_doubt_takes_a_result_and_no_word_that_all_is_loaded(doubted: Exchange):
    with pytest.raises(IllegalTransition, match=r"08_products.csv of it has not left"):
        doubted.office.uploaded()
    assert "in_doubt" == doubted.state()
    lines = [(line, kind) for line in ("L1", "L2") for kind in ("upfront", "recurring")]
    receipt = doubted.office.answer(dict.fromkeys(lines, "accepted"))

    assert ("confirmed", 4) == (receipt.state, receipt.accepted)
    assert [] == doubted.queue()


def test_once_all_files_have_left_a_person_may_say_that_they_are_loaded(
    tmp_path: Path, written: Callable[[Path, int], Office]
):
    rules = [{"on": "load", "do": "late", "name": "*08_products.csv", "asks": 10_000, "times": -1}]
    with exchange(written(tmp_path, 2), "http", rules=rules, for_answers=0.2) as both:
        both.deliver()

        assert ("delivered", "confirmed") == (both.state(), both.office.uploaded().state)


@pytest.mark.parametrize("arrived", [True, False])
def test_what_lies_there_to_be_taken_is_not_in_doubt(
    tmp_path: Path, written: Callable[[Path, int], Office], arrived: bool
):
    rules = [{"on": "load", "do": "never", "name": "*06_clis.csv", "times": -1}]
    with exchange(written(tmp_path, 2), "folder", rules=rules, waits=0.2) as both:
        both.deliver()

        with pytest.raises(IllegalTransition, match="no file of it is in doubt"):
            both.deliver(arrived=arrived)
        assert ["stored", "pending"] == both.states()


def test_where_it_can_be_asked_by_now_affinitys_word_counts_more(
    tmp_path: Path, written: Callable[[Path, int], Office]
):
    """A person says that the CLI file arrived; it lies there, and the loader has not taken it."""
    rules = [{"on": "load", "do": "never", "name": "*06_clis.csv", "times": -1}]
    with exchange(written(tmp_path, 2), "folder", rules=rules, waits=0.2) as both:
        assert both.stand_in.drop is not None
        inbox, aside = (both.stand_in.drop / name for name in ("inbox", "aside"))
        both.deliver()
        (inbox / names()[0]).rename(aside)
        assert "in_doubt" == both.deliver().state
        aside.rename(inbox / names()[0])

        receipt = both.deliver(arrived=True)

        assert ("written", NOT_TAKEN_YET) == (receipt.state, receipt.trouble)
        assert ["stored", "pending"] == both.states()


@pytest.mark.parametrize("folder", ["inbox", "archive", "error"])
def test_of_a_folder_that_is_not_there_nothing_is_concluded(
    tmp_path: Path, written: Callable[[Path, int], Office], folder: str
):
    """The loader took the file; before we could note that it was sent, we died."""
    rules = [{"on": "load", "do": "never", "name": "*06_clis.csv", "times": -1}]
    with exchange(written(tmp_path, 2), "folder", rules=rules, waits=0.2) as both:
        assert both.stand_in.drop is not None
        drop = both.stand_in.drop
        both.deliver()
        (drop / "inbox" / names()[0]).rename(drop / "taken")
        journal = both.journal().changed("06_clis.csv", state=FileState.SENDING)
        write_delivery(both.office.batch(), journal)
        (drop / folder).rename(drop / "away")

        receipt = both.deliver()

        assert ("written", f"there is no folder {folder} in the drop") == (
            receipt.state,
            receipt.trouble,
        )
        assert ["sending", "pending"] == both.states()


def test_nothing_in_doubt_is_nothing_to_decide(both: Exchange):
    with pytest.raises(IllegalTransition, match="no file of it is in doubt"):
        both.deliver(arrived=True)


def test_a_batch_nobody_ever_answers_for_ends_in_doubt_not_in_silence(both: Exchange):
    both.stand_in.behave([CUT_BEFORE, NOBODY_ANSWERS])
    states = [both.deliver().state for _ in range(3)]

    assert ["written", "written", "in_doubt"] == states
    assert [("delivery:1", "transient", "no_answer", "dead")] == both.queue()
    assert 1 == both.uploads()


def test_a_run_stops_at_what_is_in_doubt_and_says_so(doubted: Exchange):
    doubted.office.change("UPDATE out.batch SET delivery_mode = 'http'")
    doubted.office.add_line(3)
    job = doubted.office.job()

    assert 50 == job.exit_code
    assert "batch 1: 06_clis.csv" in (job.error or "")
    assert "--arrived" in (job.error or "")
    assert [1] == mart(doubted.office.folder, "batch")["seq"].to_list()
    assert 1 == doubted.uploads()


def test_the_queue_flow_takes_what_is_due_and_leaves_what_is_not(both: Exchange):
    both.stand_in.behave([{"on": "upload", "do": "503", "times": -1}])
    both.deliver()
    both.stand_in.behave([])
    both.office.change("UPDATE ops.retry_item SET next_at = TIMESTAMP '2100-01-01'")
    sent = both.uploads()
    early = carry_open(both.office.profile, only_due=True)
    both.office.change("UPDATE ops.retry_item SET next_at = TIMESTAMP '2020-01-01'")
    late = carry_open(both.office.profile, only_due=True)

    assert ([], sent + 2) == (early, both.uploads())
    assert ["confirmed"] == [each.state for each in late]


def test_an_answer_that_lacks_rows_leaves_them_exported(both: Exchange):
    both.stand_in.behave([{"on": "load", "do": "partial", "name": "*08_products.csv", "every": 2}])
    receipt = both.deliver()

    assert receipt.transfer is not None
    assert (2, 2) == (receipt.transfer.accepted, receipt.transfer.pending)
    assert "confirmed" == both.state()


def test_rows_affinity_loads_twice_are_sent_once(both: Exchange):
    both.stand_in.behave([{"on": "load", "do": "twice", "name": "*08_products.csv"}])
    both.deliver()

    assert 2 == both.uploads()
    assert 4 == both.stand_in.audit()["double_bills"]


def test_refused_rows_wait_with_affinitys_words(both: Exchange):
    key = both.office.key("L1")
    both.stand_in.behave(
        [{"on": "load", "do": "reject", "name": "*08_*", "keys": [key], "code": "BUSY"}]
    )
    receipt = both.deliver()

    assert receipt.transfer is not None
    assert (3, 1) == (receipt.transfer.accepted, receipt.transfer.rejected)
    assert [("charge:L1:recurring", "transient", "BUSY", "waiting")] == both.queue()


def test_a_batch_given_up_after_it_left_is_sent_anew_as_another(both: Exchange):
    both.stand_in.behave([{"on": "load", "do": "refuse_file", "name": "*06_clis.csv"}])
    both.deliver()
    receipt = both.office.abandon()
    both.stand_in.behave([])
    run = both.office.run()

    assert "abandoned" == receipt.state
    assert ("batch_confirmed", 2) == (run.status, run.batch and run.batch.seq)
    assert [] == both.queue()
    both.check()


def test_a_damaged_journal_stops_the_delivery(both: Exchange):
    both.stand_in.behave([{"on": "upload", "do": "503", "times": -1}])
    both.deliver()
    (both.office.batch() / "delivery.json").write_text("{", encoding="utf-8")
    both.stand_in.behave([])
    sent = both.uploads()

    with pytest.raises(DeliveryIncomplete, match="damaged"):
        both.deliver()

    assert sent == both.uploads()


def test_a_profile_that_carries_by_hand_delivers_nothing(
    tmp_path: Path, written: Callable[[Path, int], Office]
):
    office = written(tmp_path, 2)

    with pytest.raises(UsageError, match="manual"):
        Exchange(office, None, "manual").deliver()  # type: ignore[arg-type]

    assert not (office.batch() / "delivery.json").exists()


def test_a_batch_written_to_be_carried_by_hand_does_not_leave_by_itself(both: Exchange):
    """The profile changed after it was written; perhaps somebody uploaded it already."""
    run = both.office.run()

    assert "batch_open" == run.status
    assert 0 == both.uploads()


def test_a_clean_canary_is_followed_by_the_rest_in_the_same_run(tmp_path: Path):
    with exchange(Office(tmp_path / "office"), "http", more="canary_rows = 1") as both:
        receipt = both.office.run()

        assert [(1, True), (2, False)] == [(each.seq, each.is_canary) for each in receipt.batches]
        assert "batch_confirmed" == receipt.status
        assert {"in_billing"} == {row["disposition"] for row in both.office.charges().values()}
        assert [1, 3] == [len(both.office.written(seq)) for seq in (1, 2)]
        both.check()


def test_a_canary_that_is_refused_keeps_the_rest_back(tmp_path: Path):
    rules = [{"on": "load", "do": "reject", "name": "*08_*", "every": 1, "code": "NO_RATE"}]
    with exchange(Office(tmp_path / "office"), "http", rules=rules, more="canary_rows = 1") as both:
        first = both.office.run()
        charges = both.office.charges().values()
        second = both.office.run()

        assert [True] == [each.is_canary for each in first.batches]
        assert ["held", "ready", "ready", "ready"] == sorted(
            str(row["disposition"]) for row in charges
        )
        # the next canary is clean, so what is left follows it
        assert [(2, True), (3, False)] == [(each.seq, each.is_canary) for each in second.batches]
        both.check()


def test_an_undo_leaves_by_itself_and_takes_everything_back(both: Exchange):
    both.deliver()
    receipt = undo(both.office.profile, 1, actor="Ann", reason="wrong price book")
    audit = both.stand_in.audit()

    assert receipt.delivery is not None
    assert "confirmed" == receipt.delivery.state
    assert {"held"} == {row["disposition"] for row in both.office.charges().values()}
    assert (0, 0) == (audit["live"]["site_products"], audit["live"]["clis"])
    assert 0 == audit["double_bills"]


def test_no_secret_is_written_anywhere(both: Exchange):
    both.stand_in.behave([{"on": "upload", "do": "refuse", "status": 401}])
    both.deliver()
    both.stand_in.behave([CUT_AFTER])
    both.deliver()

    for path in both.office.folder.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path


def test_a_batch_does_not_overtake_one_that_has_not_arrived(tmp_path: Path):
    down = [{"on": "upload", "do": "503", "times": -1}]
    with exchange(
        Office(tmp_path / "office"), "http", rules=down, more="max_open_batches = 2"
    ) as both:
        first = both.office.job()
        both.office.add_line(3)
        second = both.office.job()
        with pytest.raises(IllegalTransition, match="batch 1 before it has not arrived"):
            both.deliver(2)
        both.stand_in.behave([{"on": "upload", "do": "503", "name": names(1)[0]}])
        third = both.office.job()

        assert (50, 50, 0) == (first.exit_code, second.exit_code, third.exit_code)
        assert [*names(1), *names(2)] == both.loads()
        both.check()


def test_what_a_snapshot_proves_of_a_batch_does_not_keep_the_rest_from_leaving(tmp_path: Path):
    parts = "[affinity.layout.products]\nmax_rows = 2\n"
    down = [{"on": "upload", "do": "503", "name": "*08_products_2.csv", "times": -1}]
    with exchange(Office(tmp_path / "office"), "http", rules=down, more=parts) as both:
        assert 50 == both.office.job().exit_code
        both.stand_in.export(tmp_path / "export")
        for feed in ("affinity_clis", "affinity_site_products"):
            text = (tmp_path / "export" / f"{feed}.csv").read_text(encoding="utf-8")
            both.office.feeds[feed] = list(csv.DictReader(text.splitlines()))
        stuck = both.office.job()
        both.stand_in.behave([])
        healed = both.office.job()

        assert (50, 0) == (stuck.exit_code, healed.exit_code)
        assert {"in_billing"} == {row["disposition"] for row in both.office.charges().values()}
        assert 3 == len(both.loads())
        both.check()


def test_an_odd_answer_is_no_refusal(both: Exchange):
    """Some gateways say 202 to an upload that went through: nothing may be sent on that."""
    delivery = open_delivery(both.office.profile)
    with serving_answers(202) as (url, received):
        path = both.office.folder / "r2b.toml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(str(both.stand_in.http), url), encoding="utf-8")
        receipt = both.deliver()

    assert delivery is not None
    assert ("written", ["sending", "pending"]) == (receipt.state, both.states())
    assert received
    with pytest.raises(IllegalTransition, match="may be in Affinity"):
        both.office.abandon()


@contextlib.contextmanager
def serving_answers(status: int) -> Iterator[tuple[str, list[str]]]:
    """A server that answers every upload alike and cannot be asked; its address, what came."""
    received: list[str] = []

    class Desk(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404 if not received else 503)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            received.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Desk)) as server:
        yield f"http://127.0.0.1:{server.server_port}", received


@pytest.mark.parametrize("arrived", [True, False], ids=["arrived", "absent"])
def test_a_decision_that_was_cut_off_goes_on(doubted: Exchange, arrived: bool):
    if not arrived:
        doubted.stand_in.behave([])
    journal = doubted.journal()
    state = FileState.RECEIPTED if arrived else FileState.PENDING
    said = {"file": "06_clis.csv", "said": "arrived" if arrived else "absent"}
    journal = replace(journal.changed("06_clis.csv", state=state), doubt="", decisions=(said,))
    write_delivery(doubted.office.batch(), journal)
    receipt = doubted.deliver()

    assert ("confirmed" if arrived else "in_doubt") == receipt.state


def test_a_doubt_that_was_not_said_is_said_by_the_next(both: Exchange):
    both.stand_in.behave([{"on": "upload", "do": "503", "times": -1}])
    both.deliver()
    both.stand_in.behave([])
    write_delivery(both.office.batch(), replace(both.journal(), doubt="06_clis.csv: odd"))
    receipt = both.deliver()

    assert ("in_doubt", True) == (receipt.state, receipt.failed)
    assert "confirmed" == both.deliver(arrived=False).state


def test_a_file_refused_after_its_receipt_is_told(
    tmp_path: Path, written: Callable[[Path, int], Office]
):
    rules = [{"on": "load", "do": "refuse_file", "name": "*06_clis.csv"}]
    with exchange(
        written(tmp_path, 2), "http", rules=rules, for_answers=0.2, loading=Loading.WHEN_ASKED
    ) as both:
        receipt = both.deliver()

        assert receipt.failed
        assert [("delivery:1", "data", "refused", "parked")] == both.queue()


def test_a_canary_whose_number_is_refused_keeps_the_rest_back(tmp_path: Path):
    rules = [{"on": "load", "do": "reject", "name": "*06_*", "every": 2, "code": "BAD_CLI"}]
    office = Office(tmp_path / "office", lines=3)
    office.feeds["asset_numbers"] = [{"asset_id": "A1", "cli": "01204600901"}]
    with exchange(office, "http", rules=rules, more="canary_rows = 2") as both:
        receipt = both.office.run()

        assert [True] == [each.is_canary for each in receipt.batches]


def test_the_drain_finishes_what_a_person_decided_before_it_sends(both: Exchange):
    both.stand_in.behave([{"on": "upload", "do": "503", "times": -1}])
    both.deliver()
    both.stand_in.behave([])
    both.office.change("UPDATE ops.retry_item SET next_at = TIMESTAMP '2020-01-01'")
    batch = both.office.batch()
    sha256 = both.office.query("SELECT manifest_sha256 FROM out.batch")[0][0]
    add_decision(
        batch, kind="uploaded", actor="Ann", moment=datetime(2026, 4, 1), manifest_sha256=sha256
    )
    sent = both.uploads()
    drain(both.office.profile)

    assert ("confirmed", sent) == (both.state(), both.uploads())


def test_a_profile_that_became_manual_half_way_is_told(doubted: Exchange):
    doubted.office.change("UPDATE out.batch SET delivery_mode = 'http'")
    path = doubted.office.folder / "r2b.toml"
    text = path.read_text(encoding="utf-8").replace('mode = "http"', 'mode = "manual"')
    path.write_text(text, encoding="utf-8")
    job = doubted.office.job()

    assert 50 == job.exit_code
    assert "manual" in (job.error or "")


@pytest.mark.parametrize("decide", [release, discard], ids=["release", "discard"])
def test_a_doubt_cannot_be_wished_away(doubted: Exchange, decide: Callable[..., Any]):
    more = {"reason": "no time"} if decide is discard else {}
    item = doubted.office.query("SELECT id FROM ops.retry_item")[0][0]

    with pytest.raises(IllegalTransition):
        decide(doubted.office.profile, item, actor="Ann", **more)


# killed


def _start(both: Exchange, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(R2B), *words], cwd=both.office.folder, env=dict(os.environ), stderr=subprocess.PIPE
    )


def _until(is_so: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


def _killed_once(both: Exchange, is_so: Callable[[], Any]) -> None:
    process = _start(both, "deliver", "1")
    try:
        _until(is_so)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)


@pytest.mark.parametrize(
    ("do", "sent"), [("hang", 3), ("hang_after", 2)], ids=["before the effect", "after the effect"]
)
def test_killed_while_it_waits_for_the_answer(both: Exchange, do: str, sent: int):
    patience = (both.office.folder / "r2b.toml").read_text(encoding="utf-8")
    (both.office.folder / "r2b.toml").write_text(
        patience.replace("timeout_seconds = 1.0", "timeout_seconds = 60"), encoding="utf-8"
    )
    both.stand_in.behave([{"on": "upload", "do": do, "name": "*06_clis.csv", "seconds": 120}])
    _killed_once(both, lambda: both.uploads() and _has_effect(both, do))
    state = both.states()
    receipt = both.deliver()

    assert ["sending", "pending"] == state
    assert "confirmed" == receipt.state
    assert sent == both.uploads()
    both.check()


def _has_effect(both: Exchange, do: str) -> bool:
    return do == "hang" or int(str(both.stand_in.audit()["files_loaded"])) == 1


@pytest.mark.parametrize("way", ["folder", "sftp"])
@pytest.mark.parametrize("file", ["*06_clis.csv", "*08_products.csv"])
def test_killed_while_it_waits_to_be_taken(
    tmp_path: Path, written: Callable[[Path, int], Office], way: str, file: str
):
    rules = [{"on": "load", "do": "never", "name": file, "times": -1}]
    with exchange(written(tmp_path, 2), way, rules=rules, waits=60) as both:
        _killed_once(
            both,
            lambda: (both.office.batch() / "delivery.json").exists() and "stored" in both.states(),
        )
        both.stand_in.behave([])
        receipt = both.deliver()

        assert "confirmed" == receipt.state
        assert names() == both.loads()
        both.check()


def test_two_at_once_are_one(both: Exchange):
    both.stand_in.behave([{"on": "upload", "do": "slow", "name": "*06_clis.csv", "seconds": 8}])
    patience = (both.office.folder / "r2b.toml").read_text(encoding="utf-8")
    (both.office.folder / "r2b.toml").write_text(
        patience.replace("timeout_seconds = 1.0", "timeout_seconds = 60"), encoding="utf-8"
    )
    first = _start(both, "deliver", "1")
    _until(both.uploads)
    second = _start(both, "deliver", "1")
    _, words = second.communicate(timeout=60)
    first.communicate(timeout=60)

    assert (0, 40) == (first.returncode, second.returncode)
    assert b"another run" in words
    assert names() == both.loads()
    both.check()


def test_what_is_on_disk_is_what_is_said_of_an_unfinished_batch(both: Exchange):
    both.stand_in.behave([CUT_AFTER, NOBODY_ANSWERS])
    both.deliver()
    rows = mart(both.office.folder, "delivery").sort("file")

    assert ["sending", "pending"] == rows["state"].to_list()
    assert ["http", "http"] == rows["mode"].to_list()
    assert names() == rows["remote_name"].to_list()
    assert [1, 0] == rows["attempts"].to_list()
