"""Look at where a tenant stands, and say what is wrong and what of it is news."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.receipts import RaisedAlert, SyncReceipt
from schemas.vocabulary import RunStatus
from tasks.step import step
from tasks.watch.alerts import Facts, Limits, alerts
from tasks.watch.memory import news, read_memory, write_memory
from warehouse.connection import open_published
from warehouse.report import ReportStore, at_the_gate
from warehouse.watch import WatchStore


@step("check sync")
def check_sync(
    published: Path,
    memory: Path,
    limits: Limits,
    *,
    max_queued: timedelta,
    answer_days: int,
) -> SyncReceipt:
    """What is wrong by the published copy; which of it people were not told yet.

    Args:
        published: the copy analysts open; where there is none, nothing has run.
        memory: the file that remembers what was told.
        limits: how much is too much.
        max_queued: how long an item of the queue may wait for people.
        answer_days: how many days a row of a confirmed batch may be without an answer.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    facts = _facts(published, now - max_queued, answer_days) if published.exists() else Facts()
    found = alerts(facts, limits, now)
    known = read_memory(memory)
    told = news(found, known, now)
    raised = {alert.key for alert in told.raised}
    write_memory(memory, told.memory)
    return SyncReceipt(
        checked_at=now,
        alerts=tuple(
            RaisedAlert(
                key=alert.key,
                name=alert.name.value,
                words=alert.words,
                remedy=alert.remedy,
                since=told.memory[alert.key].since,
                is_news=alert.key in raised,
            )
            for alert in found
        ),
        over=told.over,
        waiting=facts.batches,
    )


def _facts(published: Path, queued_before: datetime, answer_days: int) -> Facts:
    with open_published(published) as connection:
        store = WatchStore(connection)
        runs = store.runs()
        return Facts(
            last_run=runs["last_run"],
            last_success=runs["last_success"],
            status=None if runs["status"] is None else RunStatus(runs["status"]),
            message=runs["message"] or None,
            batches=tuple(at_the_gate(ReportStore(connection).open_batches())),
            **store.waiting(queued_before=queued_before, answer_days=answer_days),
        )
