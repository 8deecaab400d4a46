"""What the sync check takes for wrong: facts in, alerts out. Pure: the caller says what time it is.

An alert is about a state, not an event: it stays for as long as what it says is so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from cronsim import CronSim

from schemas.counting import counted
from schemas.explanations import ALERTS
from schemas.money import pounds
from schemas.receipts import WaitingBatch
from schemas.spans import length
from schemas.vocabulary import AlertName, BatchState, RunStatus

_SCHEDULED_WITHIN_DAYS = 8


@dataclass(frozen=True)
class Facts:
    """Where a tenant stands, as its published copy says; moments are UTC.

    `last_run` and `last_success` are when the last run began, and the last one that did not fail;
    `status` and `message` are the last run's. `stuck_*` is what waits for people in the retry
    queue, `unanswered_*` what Affinity was given and never answered, `snapshot_of` the day of its
    last snapshot.
    """

    last_run: datetime | None = None
    last_success: datetime | None = None
    status: RunStatus | None = None
    message: str | None = None
    batches: tuple[WaitingBatch, ...] = ()
    held: Decimal = Decimal(0)
    stuck_items: int = 0
    stuck_value: Decimal = Decimal(0)
    unanswered_rows: int = 0
    unanswered_value: Decimal = Decimal(0)
    snapshot_of: date | None = None


@dataclass(frozen=True)
class Limits:
    """How much of it is too much. `cron` and `run_by` are in `timezone`; none = not watched."""

    timezone: str
    cron: str
    run_by: time | None
    max_open: timedelta
    max_held: Decimal | None
    max_snapshot_age: timedelta


@dataclass(frozen=True)
class Alert:
    """Something that is wrong now. `about` tells two alerts of one name apart.

    `words` say what is wrong, in counts, sums and numbers of our own, never a customer's data.
    """

    name: AlertName
    words: str
    about: str = ""

    @property
    def remedy(self) -> str:
        """What to do about it, as the runbook says."""
        return ALERTS[self.name].remedy

    @property
    def key(self) -> str:
        """The same for as long as it is the same alert."""
        return f"{self.name}:{self.about}" if self.about else self.name.value


def alerts(facts: Facts, limits: Limits, now: datetime) -> list[Alert]:
    """Everything that is wrong at `now` (UTC), the most urgent first."""
    return [
        *_runs(facts, limits, now),
        *_batches(facts, limits, now),
        *_held(facts, limits),
        *_waiting(facts),
        *_snapshot(facts, limits, now),
    ]


def _runs(facts: Facts, limits: Limits, now: datetime) -> Iterator[Alert]:
    due = due_run(limits, now)
    if due is not None and (facts.last_success is None or facts.last_success < due):
        local = due.replace(tzinfo=UTC).astimezone(ZoneInfo(limits.timezone))
        yield Alert(
            AlertName.RUN_MISSING,
            f"No run has succeeded since {local:%d %B, %H:%M}, when one was due; the agreed hour "
            f"was {limits.run_by:%H:%M}.",
        )
    if facts.status is RunStatus.FAILED:
        yield Alert(
            AlertName.RUN_FAILED,
            f"The last run failed: {facts.message or 'it did not say why'}",
        )
    if facts.status is RunStatus.PRICE_BOOK_INCOMPLETE:
        yield Alert(
            AlertName.PRICE_BOOK_INCOMPLETE,
            "The price book is incomplete: no batch is written until it is.",
        )


def due_run(limits: Limits, now: datetime) -> datetime | None:
    """When the last run was due whose agreed hour has passed (UTC); none = none was."""
    if limits.run_by is None or not limits.cron:
        return None
    zone = ZoneInfo(limits.timezone)
    here = now.replace(tzinfo=UTC).astimezone(zone)
    for days in range(_SCHEDULED_WITHIN_DAYS):
        agreed = datetime.combine(here.date() - timedelta(days=days), limits.run_by, zone)
        if agreed > here:
            continue
        due = next(CronSim(limits.cron, agreed, reverse=True), None)
        if due is not None and due.date() == agreed.date():
            return due.astimezone(UTC).replace(tzinfo=None)
    return None


def _batches(facts: Facts, limits: Limits, now: datetime) -> Iterator[Alert]:
    for batch in facts.batches:
        age = now - batch.since
        if batch.state == BatchState.IN_DOUBT:
            yield Alert(
                AlertName.BATCH_IN_DOUBT,
                f"Batch {batch.seq} ({pounds(batch.value)}) is in doubt: nobody can tell whether "
                "its files arrived.",
                about=str(batch.seq),
            )
        elif age > limits.max_open:
            yield Alert(
                AlertName.BATCH_WAITS,
                f"Batch {batch.seq} ({pounds(batch.value)}) has waited {length(age)} for its "
                "answer; no new batch is written meanwhile.",
                about=str(batch.seq),
            )


def _held(facts: Facts, limits: Limits) -> Iterator[Alert]:
    if limits.max_held is not None and facts.held > limits.max_held:
        yield Alert(
            AlertName.HELD_TOO_MUCH,
            f"Charges worth {pounds(facts.held)} are held, more than {pounds(limits.max_held)}.",
        )


def _waiting(facts: Facts) -> Iterator[Alert]:
    if facts.stuck_items:
        yield Alert(
            AlertName.QUEUE_STUCK,
            f"Waiting for people for too long: {counted(facts.stuck_items, 'item')} of the retry "
            f"queue ({pounds(facts.stuck_value)}).",
        )
    if facts.unanswered_rows:
        yield Alert(
            AlertName.ROWS_UNANSWERED,
            f"Without an answer for too long: {counted(facts.unanswered_rows, 'row')} of confirmed "
            f"batches ({pounds(facts.unanswered_value)}).",
        )


def _snapshot(facts: Facts, limits: Limits, now: datetime) -> Iterator[Alert]:
    if facts.snapshot_of is None:
        return
    here = now.replace(tzinfo=UTC).astimezone(ZoneInfo(limits.timezone)).date()
    if here - facts.snapshot_of > limits.max_snapshot_age:
        yield Alert(
            AlertName.SNAPSHOT_OLD,
            f"Affinity's last snapshot is of {facts.snapshot_of:%d %B %Y}: nothing can be "
            "reconciled with it.",
        )
