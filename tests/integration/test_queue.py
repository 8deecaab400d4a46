"""What fails waits, is parked or dies, and ends with an outcome; all of it is on record."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.profile import LoadedProfile
from flows.queue_desk import discard, history, list_items, release, retry_due, retry_now
from flows.retry_queue import FINISHERS, drain
from flows.standing import status
from schemas.errors import IllegalTransition, SourceUnavailable, UsageError
from schemas.explanations import queue_owner
from schemas.vocabulary import RetryState
from tests.integration.office import Office, Row
from tests.running import AS_OF, mart, run_job
from warehouse.retry_queue import RetryItem

Written = Callable[[Path, int], Office]
Feeds = dict[str, list[Row]]

L1, UP1 = ("L1", "recurring"), ("L1", "upfront")
QUICK = "retry = {first_wait_seconds = 3600, jitter = false, max_attempts = 2}\n"
LONG_AGO = "UPDATE ops.retry_item SET next_at = TIMESTAMP '2020-01-01' WHERE state = 'waiting'"


@pytest.fixture
def office(tmp_path: Path, written: Written) -> Office:
    """One line in batch 1; two attempts, an hour apart."""
    made = written(tmp_path, 1)
    (made.folder / "r2b.toml").write_text(QUICK, encoding="utf-8")
    return made


def items(office: Office) -> list[tuple[Any, ...]]:
    return office.query("SELECT subject, state, attempts FROM ops.retry_item ORDER BY id")


def events(office: Office, item: int = 1) -> list[tuple[str, str | None, str]]:
    """What happened to an item: (action, from, to)."""
    return [
        (each.action, each.from_state, each.to_state) for each in history(office.profile, item)[1]
    ]


# history


def test_nothing_is_given_up_without_a_reason(office: Office):
    office.answer({L1: "rejected:E1", UP1: "accepted"})

    with pytest.raises(UsageError, match="there is no reason"):
        discard(office.profile, 1, actor="Ann", reason=" ")
    assert [("charge:L1:recurring", "parked", 1)] == items(office)


def test_every_change_of_an_item_is_on_record(office: Office):
    office.answer({L1: "rejected:E1", UP1: "accepted"})
    release(office.profile, 1, actor="Ann")
    office.run()
    office.answer({L1: "rejected:busy"}, 2)

    expected = [
        ("failed", None, "parked"),
        ("released", "parked", "released"),
        ("in_flight", "released", "in_flight"),
        ("failed", "in_flight", "dead"),
    ]
    assert expected == events(office)
    shown = mart(office.folder, "retry_event").select("action", "from_state", "to_state")
    assert sorted(map(str, expected)) == sorted(map(str, shown.rows()))


def test_a_redrive_is_on_record_from_end_to_end(office: Office):
    office.answer({L1: "rejected:busy", UP1: "accepted"})
    office.change(LONG_AGO)
    retry_due(office.profile)
    run = office.run()
    office.uploaded(2, by="Bob")
    told = history(office.profile, 1)[1]

    assert [
        ("failed", "upload result", "busy, attempt 1 of 2"),
        ("due", None, None),
        ("in_flight", run.run_id, "in batch 2"),
        ("done", "Bob", "accepted in batch 2"),
    ] == [(each.action, each.actor, (each.detail or "").partition(";")[0] or None) for each in told]


def test_what_a_person_decides_is_on_record(office: Office):
    office.answer({L1: "rejected:E1", UP1: "rejected:E2"})
    discard(office.profile, 1, actor="Ann", reason="left")
    release(office.profile, 2, actor="Bob")

    assert [
        ("discarded", "Ann", "discarded by Ann: left"),
        ("released", "Bob", "released by Bob"),
    ] == [
        (each.action, each.actor, each.detail)
        for each in (history(office.profile, number)[1][-1] for number in (1, 2))
    ]


def test_there_is_no_history_of_what_is_not_there(office: Office):
    with pytest.raises(IllegalTransition, match="There is no item 7"):
        history(office.profile, 7)


def test_settled_items_are_listed_when_asked_for(office: Office):
    office.answer({L1: "rejected:E1", UP1: "accepted"})
    discard(office.profile, 1, actor="Ann", reason="left")

    assert [] == list_items(office.profile)
    assert ["discarded by Ann: left"] == [
        item.outcome for item in list_items(office.profile, closed_too=True)
    ]


# one item now


def test_a_waiting_item_may_be_tried_now(office: Office):
    office.answer({L1: "rejected:busy", UP1: "accepted"})
    item = retry_now(office.profile, 1, actor="Ann")

    assert RetryState.RELEASED is item.state
    assert [L1] == (office.run(), office.lines_written(2))[1]


def test_an_item_that_waiting_does_not_cure_is_not_retried(office: Office):
    office.answer({L1: "rejected:E1", UP1: "accepted"})

    with pytest.raises(IllegalTransition, match="Item 1 is parked") as refused:
        retry_now(office.profile, 1, actor="Ann")
    assert "r2b queue release" in refused.value.hint


# what is due no more


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        pytest.param(
            lambda office: office.record("orders").update(status="Cancelled"),
            "no longer due: cancelled",
            id="cancelled",
        ),
        pytest.param(
            lambda office: office.line(1).update(recurring_do_not_bill="yes"),
            "no longer due: do not bill",
            id="do not bill",
        ),
        pytest.param(
            lambda office: office.line(1).update(recurring_bill_status="In Billing"),
            "no longer due: in billing",
            id="billed by the feed",
        ),
        pytest.param(
            lambda office: office.feeds["order_lines"].pop(0), "no longer due: gone", id="gone"
        ),
    ],
)
def test_an_item_whose_charge_is_due_no_more_is_done(
    tmp_path: Path, written: Written, change: Callable[[Office], Any], outcome: str
):
    office = written(tmp_path, 2)
    office.answer({L1: "rejected:E1"})
    change(office)
    office.run()

    assert [("done", outcome)] == office.query("SELECT state, outcome FROM ops.retry_item")


def test_a_charge_that_is_due_again_is_judged_afresh(office: Office):
    office.answer({L1: "rejected:E1", UP1: "accepted"})
    office.record("orders")["status"] = "Cancelled"
    office.run()
    office.uploaded(2)  # the number of what was refused ends
    office.record("orders")["status"] = "Completed"

    assert [L1] == (office.run(), office.lines_written(3))[1]


def test_an_item_whose_charge_is_held_for_something_else_too_stays(office: Office):
    office.answer({L1: "rejected:E1", UP1: "accepted"})
    office.record("customers")["integration_id"] = ""
    office.run()

    assert [("charge:L1:recurring", "parked", 1)] == items(office)


# feeds


def away(office: Office) -> Path:
    """Where the feeds are while the source does not answer."""
    return office.folder / "feeds_away"


def test_a_source_that_does_not_answer_waits_dies_and_heals(office: Office):
    office.save()
    (office.folder / "feeds").rename(away(office))
    assert 20 == run_job(office.folder).exit_code
    assert [("feeds", "waiting", 1)] == items(office)
    assert 20 == run_job(office.folder).exit_code
    assert [("feeds", "dead", 2)] == items(office)

    away(office).rename(office.folder / "feeds")
    office.run()
    assert [("feeds", "done", 2)] == items(office)
    assert [
        ("failed", None, "waiting"),
        ("failed", "waiting", "dead"),
        ("done", "dead", "done"),
    ] == (events(office))


def test_feeds_that_are_not_as_agreed_are_parked(office: Office):
    office.feeds["orders"] = [{"nonsense": "1"}]

    assert (22, [("feed:orders", "parked", 1)]) == (office.job().exit_code, items(office))


# write-back


def test_a_write_back_that_fails_does_not_fail_the_transfer_and_heals(office: Office):
    updates = office.batch() / "layer_updates.csv"
    updates.mkdir()
    receipt = office.uploaded()

    assert (2, "confirmed", None) == (receipt.accepted, receipt.state, receipt.layer_updates)
    assert [("write_back:1", "waiting", 1)] == items(office)
    office.run()
    assert [("write_back:1", "dead", 2)] == items(office)
    release(office.profile, 1, actor="Ann")
    updates.rmdir()
    office.run()
    assert (3, [("write_back:1", "done", 2)]) == (
        len(updates.read_text().splitlines()),
        items(office),
    )


def test_the_drain_writes_back_what_is_due(office: Office):
    updates = office.batch() / "layer_updates.csv"
    updates.mkdir()
    office.uploaded()
    updates.rmdir()
    early = drain(office.profile)
    office.change(LONG_AGO)
    due = drain(office.profile)

    assert ((), (1,), False) == (early.finished, due.finished, due.needs_run)
    assert updates.is_file()
    assert ("done", "waiting", "done") == events(office)[-1]


# the drain


def test_what_is_due_and_needs_a_run_is_freed_for_it(office: Office):
    office.answer({L1: "rejected:busy", UP1: "rejected:E1"})
    early = drain(office.profile)
    office.change(LONG_AGO)
    receipt = drain(office.profile)

    assert (False, (1,), True) == (early.needs_run, receipt.freed, receipt.needs_run)
    assert [L1] == (office.run(), office.lines_written(2))[1]


def test_a_poison_item_does_not_stop_the_others(office: Office):
    office.answer({L1: "rejected:busy", UP1: "accepted"})
    office.change(
        "INSERT INTO ops.retry_item (id, kind, subject, reason, attempts, max_attempts, state, "
        "next_at, first_seen_at) SELECT 1 + n, 'transient', concat(kind, ':', n), 'X', 1, 5, "
        "'waiting', now()::TIMESTAMP, now()::TIMESTAMP "
        "FROM (VALUES (1, 'bug'), (2, 'away'), (3, 'well')) AS made(n, kind)"
    )
    office.change(LONG_AGO)
    tried = []

    def bug(profile: LoadedProfile, item: RetryItem) -> str:
        tried.append(item.subject)
        raise KeyError("Mrs Bun")

    def gone(profile: LoadedProfile, item: RetryItem) -> str:
        tried.append(item.subject)
        raise SourceUnavailable("Asking: no answer.")

    def well(profile: LoadedProfile, item: RetryItem) -> str:
        tried.append(item.subject)
        return "sent"

    receipt = drain(office.profile, {"bug": bug, "away": gone, "well": well})

    assert ["bug:1", "away:2", "well:3"] == tried
    assert ((1,), (4,), (2, 3), True) == (
        *(receipt.freed, receipt.finished, receipt.failed),
        receipt.needs_run,
    )
    assert [
        ("bug:1", "parked", "KeyError", "It failed in a way nobody foresaw: a bug."),
        ("away:2", "dead", "SourceUnavailable", "Asking: no answer."),
        ("well:3", "done", "X", None),
    ] == office.query("SELECT subject, state, reason, message FROM ops.retry_item WHERE id > 1")


def test_the_queue_can_finish_write_backs():
    assert "write_back" in FINISHERS


# owners, and where we stand


@pytest.mark.parametrize(
    ("subject", "reason", "owner"),
    [
        pytest.param("charge:L1:upfront", "E1", "billing", id="a charge"),
        pytest.param("charge:L1:upfront", "busy", "Affinity", id="a charge that waits"),
        pytest.param("cli:abc", "BAD_CLI", "data", id="a number"),
        pytest.param("feeds", "SourceUnavailable", "ops", id="a source that does not answer"),
        pytest.param("feed:orders", "TooManyRejects", "data", id="a feed that does not fit"),
        pytest.param("delivery:3", "IllegalTransition", "ops", id="a delivery"),
        pytest.param("something:else", "X", "ops", id="what nobody knows"),
    ],
)
def test_who_usually_settles_it(subject: str, reason: str, owner: str):
    assert owner == queue_owner(subject, reason)


def test_status_says_what_has_no_answer(office: Office):
    office.answer({UP1: "accepted"})
    office.run(AS_OF + timedelta(days=2))
    standing = status(office.profile)

    assert (1, "11.0000", 2, 0) == (
        standing.unconfirmed["rows"],
        str(standing.unconfirmed["value"]),
        standing.unconfirmed["oldest_days"],
        standing.unconfirmed["never_seen"],
    )


# what a record that is broken for a day leaves as it is


BROKEN = {
    "a line": ("order_lines", {"quantity": "x"}),
    "a customer": ("customers", {"name": ""}),
    "an asset": ("assets", {"is_live": "perhaps"}),
}
MODES = ("full", "delta")


def office_with(tmp_path: Path, mode: str) -> Office:
    """One line in batch 1, in a tenant whose feeds may have any number of rejects."""
    profile = f'[feeds]\nmode = "{mode}"\nmax_reject_rate = 1\n'
    office = Office(tmp_path / "office", lines=1, profile=profile)
    office.run()
    return office


def bringing(kept: Feeds, mode: str, feed: str, record: Row) -> Feeds:
    """A delta brings this record; a full feed, all there is with it."""
    return {feed: [record]} if mode == "delta" else kept | {feed: [record]}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("what", BROKEN)
def test_what_affinity_refused_stays_refused_while_a_record_is_broken(
    tmp_path: Path, mode: str, what: str
):
    office = office_with(tmp_path, mode)
    office.answer({L1: "rejected:E1", UP1: "accepted"})
    feed, cells = BROKEN[what]
    whole = office.record(feed)
    kept = office.feeds
    seen = []
    for record in (whole, whole | cells):
        office.feeds = bringing(kept, mode, feed, record)
        office.run()
        seen.append(items(office))
    if mode == "delta":
        office.feeds = {}
    office.run()
    seen.append(items(office))
    office.feeds = bringing(kept, mode, feed, whole)
    office.run()

    assert [[("charge:L1:recurring", "parked", 1)]] * 3 == seen
    assert [(*L1, "affinity_rejected")] == office.holds()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("what", BROKEN)
def test_a_change_that_was_refused_stays_refused_while_a_record_is_broken(
    tmp_path: Path, mode: str, what: str
):
    office = office_with(tmp_path, mode)
    office.uploaded()
    office.record("assets")["recurring_price"] = "7"
    office.run()
    office.answer({L1: "rejected:E1"}, seq=2)
    feed, cells = BROKEN[what]
    whole = office.record(feed)
    kept = office.feeds
    for record in (whole | cells, whole):
        office.feeds = bringing(kept, mode, feed, record)
        office.run()
        if mode == "delta":
            office.feeds = {}
        receipt = office.run()

    assert [("change:L1:recurring", "parked", 1)] == items(office)
    assert () == receipt.batches


def test_a_feed_that_a_delta_does_not_bring_has_not_been_read(tmp_path: Path):
    office = Office(tmp_path / "office", lines=1, profile='[feeds]\nmode = "delta"\n')
    office.run()
    kept = office.feeds
    office.feeds = {"order_lines": [{"line_id": "L2"}]}
    assert 22 == office.job().exit_code
    office.feeds = {"customers": kept["customers"]}
    office.run()
    before = items(office)
    office.feeds = {"order_lines": kept["order_lines"]}
    office.run()

    assert [("feed:order_lines", "parked", 1)] == before
    assert [("feed:order_lines", "done", 1)] == items(office)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("what", ["a line", "an asset"])
def test_a_number_is_not_given_up_while_a_record_is_broken(tmp_path: Path, mode: str, what: str):
    office = office_with(tmp_path, mode)
    office.answer({L1: "rejected:E1", UP1: "accepted"})
    feed, cells = BROKEN[what]
    office.feeds = bringing(office.feeds, mode, feed, office.record(feed) | cells)
    receipt = office.run()

    assert () == receipt.batches
    assert [("live",)] == office.query("SELECT status FROM ops.cli_state")


def test_a_number_that_is_refused_under_another_key_has_one_item(office: Office):
    def refuse(seq: int) -> None:
        bad = [
            [row["Row Key"], "rejected", "E1"]
            for file in ("06_clis.csv", "08_products.csv")
            for row in office.written(seq, file)
        ]
        office.transfer(seq, results=office.results(*bad))

    refuse(1)
    # the bill start is put right, so the number begins on another day, under another key
    office.line(1)["bill_start_override"] = "2026-03-15"
    office.run(AS_OF + timedelta(days=1))
    refuse(2)

    numbers = "FROM ops.retry_item WHERE starts_with(subject, 'cli:') ORDER BY id"
    assert [("done", "refused anew in batch 2"), ("parked", None)] == office.query(
        f"SELECT state, outcome {numbers}"
    )


def test_an_undo_that_another_row_took_along_waits_for_the_next_undo(tmp_path: Path):
    office = Office(tmp_path / "office", lines=2, profile='delivery.failure_scope = "file"\n')
    office.run()
    office.uploaded()
    for seq, bad in ((2, "A1"), (3, "A2")):
        office.undo(1)
        there = (office.batch(seq) / "06_clis.csv").exists()
        numbers = office.written(seq, "06_clis.csv") if there else []
        (refused,) = (
            row["Row Key"]
            for row in office.written(seq, "07_ceases.csv")
            if (row["Layer Asset ID"], row["Charge Type"]) == (bad, "RECURRING")
        )
        taken = [[row["Row Key"], "accepted"] for row in numbers]
        office.transfer(seq, results=office.results(*taken, [refused, "rejected", "E1"]))

    states = office.query(
        "SELECT DISTINCT state FROM ops.retry_item WHERE starts_with(subject, 'cease:')"
    )
    assert [("parked",)] == states
