"""What is late or too much is an alert, and nothing else is."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest

from schemas.receipts import WaitingBatch
from schemas.vocabulary import AlertName, BatchState, RunStatus
from tasks.watch.alerts import Alert, Facts, Limits, alerts, due_run
from tasks.watch.memory import REMIND_AFTER, Told, news, read_memory, write_memory

THURSDAY = datetime(2026, 11, 26, 9, 30)
LIMITS = Limits(
    timezone="Europe/London",
    cron="30 2 * * 1-5",
    run_by=time(9, 0),
    max_open=timedelta(hours=24),
    max_held=Decimal(5000),
    max_snapshot_age=timedelta(days=7),
)
WELL = Facts(
    last_run=datetime(2026, 11, 26, 2, 30),
    last_success=datetime(2026, 11, 26, 2, 30),
    status=RunStatus.BATCH_WRITTEN,
    snapshot_of=date(2026, 11, 26),
)


def names(facts: Facts, now: datetime = THURSDAY, limits: Limits = LIMITS) -> list[str]:
    return [each.key for each in alerts(facts, limits, now)]


def batch(state: BatchState, since: datetime) -> WaitingBatch:
    return WaitingBatch(7, date(2026, 11, 25), state.value, since, 12, Decimal("62.0000"), "0a1b")


def test_what_is_well_raises_nothing():
    assert [] == names(WELL)


def test_a_run_that_was_due_and_did_not_succeed_is_missing():
    yesterday = replace(WELL, last_success=datetime(2026, 11, 25, 2, 30))

    assert ["run_missing"] == names(yesterday)
    assert ["run_missing"] == names(Facts(snapshot_of=date(2026, 11, 26)))
    assert [] == names(yesterday, datetime(2026, 11, 26, 8, 59)), "the agreed hour has not come"
    (alert,) = alerts(yesterday, LIMITS, THURSDAY)
    assert "No run has succeeded since 26 November, 02:30" in alert.words


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 26, 9, 0), datetime(2026, 11, 26, 2, 30)),
        (datetime(2026, 11, 26, 8, 59), datetime(2026, 11, 25, 2, 30)),
        (datetime(2026, 11, 29, 12, 0), datetime(2026, 11, 27, 2, 30)),  # Sunday: Friday's
        (datetime(2026, 11, 30, 3, 0), datetime(2026, 11, 27, 2, 30)),  # Monday, too early
        (datetime(2026, 7, 1, 8, 0), datetime(2026, 7, 1, 1, 30)),  # summer: an hour ahead
        (datetime(2026, 7, 1, 7, 59), datetime(2026, 6, 30, 1, 30)),
    ],
)
def test_what_is_due_follows_the_tenants_own_clock(now: datetime, due: datetime):
    assert due == due_run(LIMITS, now)


def test_nothing_is_due_without_a_schedule_or_an_agreed_hour():
    assert due_run(replace(LIMITS, cron=""), THURSDAY) is None
    assert due_run(replace(LIMITS, run_by=None), THURSDAY) is None
    assert due_run(replace(LIMITS, cron="30 10 * * *"), THURSDAY) is None, "it runs after the hour"


def test_a_failed_run_says_what_it_said():
    failed = replace(WELL, status=RunStatus.FAILED, message="Landing orders: there is none.")

    (alert,) = alerts(failed, LIMITS, THURSDAY)

    assert AlertName.RUN_FAILED == alert.name
    assert "Landing orders: there is none." in alert.words


def test_a_price_book_that_closes_its_gate_is_an_alert():
    assert ["price_book_incomplete"] == names(replace(WELL, status=RunStatus.PRICE_BOOK_INCOMPLETE))


def test_a_batch_waits_too_long_only_when_it_does():
    fresh = batch(BatchState.WRITTEN, datetime(2026, 11, 25, 9, 30))
    old = batch(BatchState.WRITTEN, datetime(2026, 11, 25, 9, 29))
    doubtful = batch(BatchState.IN_DOUBT, datetime(2026, 11, 26, 9, 29))

    assert [] == names(replace(WELL, batches=(fresh,)))
    assert ["batch_waits:7"] == names(replace(WELL, batches=(old,)))
    assert ["batch_in_doubt:7"] == names(replace(WELL, batches=(doubtful,)))
    (alert,) = alerts(replace(WELL, batches=(old,)), LIMITS, THURSDAY)
    assert "Batch 7 (£62.00) has waited 24 hours" in alert.words


def test_held_money_is_compared_to_the_penny():
    assert [] == names(replace(WELL, held=Decimal("5000.0000")))
    assert ["held_too_much"] == names(replace(WELL, held=Decimal("5000.0001")))
    assert [] == names(replace(WELL, held=Decimal(9999)), limits=replace(LIMITS, max_held=None))


def test_what_waits_for_people_or_for_an_answer_is_counted():
    waiting = replace(WELL, stuck_items=3, stuck_value=Decimal(9), unanswered_rows=2)

    assert ["queue_stuck", "rows_unanswered"] == names(waiting)


def test_an_old_snapshot_is_an_alert_and_none_at_all_is_not():
    assert [] == names(replace(WELL, snapshot_of=date(2026, 11, 19)))
    assert ["snapshot_old"] == names(replace(WELL, snapshot_of=date(2026, 11, 18)))
    assert [] == names(replace(WELL, snapshot_of=None))


ALERT = Alert(AlertName.BATCH_WAITS, "It waits.", about="7")


def test_an_alert_is_told_once_and_again_after_a_day():
    first = news([ALERT], {}, THURSDAY)
    soon = news([ALERT], first.memory, THURSDAY + REMIND_AFTER - timedelta(minutes=1))
    later = news([ALERT], soon.memory, THURSDAY + REMIND_AFTER)

    assert ((ALERT,), (), (ALERT,)) == (first.raised, soon.raised, later.raised)
    assert Told(THURSDAY, THURSDAY + REMIND_AFTER) == later.memory["batch_waits:7"]


def test_what_is_right_again_is_over_and_told_anew_when_it_comes_back():
    first = news([ALERT], {}, THURSDAY)
    over = news([], first.memory, THURSDAY)
    back = news([ALERT], over.memory, THURSDAY)

    assert (("batch_waits:7",), {}) == (over.over, dict(over.memory))
    assert (ALERT,) == back.raised


def test_what_was_told_is_remembered_and_a_broken_memory_forgets(tmp_path):
    path = tmp_path / "var" / "alerts.json"
    memory = news([ALERT], {}, THURSDAY).memory

    write_memory(path, memory)

    assert memory == read_memory(path)
    path.write_text("{")
    assert {} == read_memory(path)
    path.write_text('{"batch_waits:7": 5}')
    assert {} == read_memory(path)
