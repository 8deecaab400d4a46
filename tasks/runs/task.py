"""Open and close a run's page; publish what analysts read."""

import random
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from schemas.errors import IllegalTransition, R2BError
from schemas.receipts import ChangeReceipt, News, RunRef
from schemas.vocabulary import RetryState, RunStatus
from tasks.retry.failures import note_failure, words_of
from tasks.retry.policy import RetryTerms, entities_no_longer_due, no_longer_due
from tasks.step import step
from warehouse.changes import ChangeStore
from warehouse.checks import CheckStore
from warehouse.connection import open_warehouse, transaction
from warehouse.entities import EntityStore
from warehouse.published import Publishing, publish
from warehouse.rest import RestStore
from warehouse.retry_queue import RetryQueue
from warehouse.runs import RunStore

FEEDS_SUBJECT = "feeds"
"""The queue's name for the feeds as a whole."""


@step("start run")
def start_run(run: RunRef, *, profile_sha256: str, may_go_back: bool = False) -> None:
    """Open the run's page in a warehouse that is ready.

    Raises:
        IllegalTransition: the as-of day is before the last run's.
        WarehouseBusy: another process has the warehouse open.
    """
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store = RunStore(connection)
        last = store.last_as_of()
        if last is not None and run.as_of < last and not may_go_back:
            raise IllegalTransition(
                f"Starting a run as of {run.as_of}: the last run was as of {last}.",
                hint="Billing does not go back in time; `r2b plan --as-of` may.",
            )
        with transaction(connection):
            store.start(run, profile_sha256=profile_sha256)
            free_due_items(RetryQueue(connection), now=run.started_at)


def free_due_items(queue: RetryQueue, *, now: datetime) -> int:
    """Let every waiting item whose time has come be judged afresh; how many."""
    due = queue.due(now=now)
    queue.release(due["subject"], now=now, action="due")
    return due.height


@step("look for anything new")
def look_for_news(run: RunRef, decides_by: str) -> News:
    """Whether a run that `decides_by` this has to decide anew; once its feeds are accepted.

    It has not where the last one decided by the same and ended with the very rows it began with,
    and they are all still as they were: it could only come to them again.
    """
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store = RestStore(connection, run.run_id)
        decided_by, ended_with = store.last()
        is_again = decided_by == decides_by
        if is_again and ended_with is not None and ended_with == store.digest(whole=False):
            return News(decides_by, is_none=True)
        with transaction(connection):
            store.begin()
        return News(decides_by, store.digest(whole=True) if is_again else None)


@step("leave all as it was decided")
def leave_as_decided(run: RunRef) -> tuple[ChangeReceipt, dict[str, int]]:
    """What the last run found changed, and found besides; its warnings become this run's, too."""
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        with transaction(connection):
            RestStore(connection, run.run_id).warn_again()
            EntityStore(connection, run.run_id).remember()
        return ChangeReceipt(ChangeStore(connection).counts()), CheckStore(connection).counts()


@step("finish run")
def finish_run(
    run: RunRef,
    status: RunStatus,
    counts: Mapping[str, Any],
    published: Publishing,
    *,
    failure: R2BError | None = None,
    news: News | None = None,
    read_now: Collection[str] | None = None,
) -> None:
    """Close the run's page and publish; `failure` is what it has to report all the same.

    A run that had `news`, and ends as it began, notes that the next one needs not decide anew.
    Feeds that failed before are read now (of a delta, those of `read_now`); items of what nobody
    has to bill or tell any more are done.
    """
    moment = _now()
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        with transaction(connection):
            if news is not None and not news.is_none:
                RestStore(connection, run.run_id).note(news.decides_by, news.began_with)
            RunStore(connection).finish(
                run.run_id,
                status,
                moment=moment,
                counts=counts,
                exit_code=failure.exit_code if failure else 0,
                message=str(failure) if failure else None,
            )
            queue = RetryQueue(connection)
            queue.move(
                queue.feeds(read_now),
                RetryState.DONE,
                now=moment,
                outcome=f"read in run {run.run_id}",
                actor=run.run_id,
            )
            _close_what_is_no_longer_due(queue, run, moment)
        publish(connection, published)


def _close_what_is_no_longer_due(queue: RetryQueue, run: RunRef, moment: datetime) -> None:
    """Close them, and forget what was refused: what is due again is judged afresh."""
    over = pl.concat(
        [
            no_longer_due(queue.charges()),
            entities_no_longer_due(queue.entities()),
        ]
    )
    queue.free(over["subject"])
    for (outcome,), items in over.group_by("outcome", maintain_order=True):
        queue.move(
            items["subject"],
            RetryState.DONE,
            now=moment,
            outcome=str(outcome),
            actor=run.run_id,
        )


@step("note failure")
def fail_run(
    run: RunRef, error: R2BError, published: Publishing, terms: RetryTerms | None = None
) -> None:
    """Close the run's page with its error; what the feeds did wrong waits in the queue.

    A source that did not answer is tried again, less and less often; feeds that are not as agreed
    are parked until they are read.
    """
    moment = _now()
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        with transaction(connection):
            RunStore(connection).finish(
                run.run_id,
                RunStatus.FAILED,
                moment=moment,
                exit_code=error.exit_code,
                message=str(error),
            )
            if error.exit_code in FEED_FAILURES:
                reason, message, transient = words_of(error)
                feed = getattr(error, "feed", None)
                note_failure(
                    RetryQueue(connection),
                    subject=f"feed:{feed}" if feed else FEEDS_SUBJECT,
                    reason=reason,
                    message=message,
                    transient=transient,
                    terms=terms or RetryTerms(),
                    now=moment,
                    dice=random.random(),  # noqa: S311  a wait, not a secret
                    actor=run.run_id,
                )
        publish(connection, published)


FEED_FAILURES = (20, 21, 22, 30)
"""Exit codes that say the feeds could not be used."""


@step("publish")
def publish_marts(warehouse: Path, published: Publishing, *, anew: bool = False) -> None:
    """Renew the copy analysts open; `anew`: leave nothing of the old one in it."""
    with open_warehouse(warehouse) as connection:
        publish(connection, published, anew=anew)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
