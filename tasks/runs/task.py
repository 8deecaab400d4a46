"""Open and close a run's page; publish what analysts read."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from schemas.errors import IllegalTransition, R2BError
from schemas.receipts import RunRef
from schemas.vocabulary import RetryKind, RetryState, RunStatus
from tasks.step import step
from warehouse.connection import open_warehouse, prepare_warehouse, transaction
from warehouse.published import publish
from warehouse.retry_queue import RetryQueue
from warehouse.runs import RunStore

FEEDS_SUBJECT = "feeds"
"""The queue's name for the feeds as a whole."""


@step("start run")
def start_run(run: RunRef, *, profile_sha256: str, may_go_back: bool = False) -> None:
    """Make the warehouse ready and open the run's page.

    Raises:
        IllegalTransition: the as-of day is before the last run's.
        MigrationFailed, WarehouseBusy: the warehouse cannot be used.
    """
    prepare_warehouse(run.warehouse)
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
    queue.free(due["subject"])
    queue.move(due["subject"], RetryState.RELEASED, now=now, outcome=None)
    return due.height


@step("finish run")
def finish_run(run: RunRef, status: RunStatus, counts: Mapping[str, Any], published: Path) -> None:
    """Close the run's page and publish; feeds that failed before are read now."""
    moment = _now()
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        with transaction(connection):
            RunStore(connection).finish(run.run_id, status, moment=moment, counts=counts)
            RetryQueue(connection).move(
                pl.Series([FEEDS_SUBJECT]),
                RetryState.DONE,
                now=moment,
                outcome=f"read in run {run.run_id}",
            )
        publish(connection, published)


@step("note failure")
def fail_run(run: RunRef, error: R2BError, published: Path) -> None:
    """Close the run's page with its error; what the feeds did wrong waits in the queue."""
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
                RetryQueue(connection).fail(_feeds_failure(error), now=moment)
        publish(connection, published)


FEED_FAILURES = (20, 21, 22, 30)
"""Exit codes that say the feeds could not be used."""


def _feeds_failure(error: R2BError) -> pl.DataFrame:
    kind = RetryKind.TRANSIENT if error.retryable else RetryKind.DATA
    return pl.DataFrame(
        {
            "subject": [FEEDS_SUBJECT],
            "kind": [kind.value],
            "reason": [type(error).__name__],
            "message": [error.message],
            "attempts": [1],
            "max_attempts": [1],
            "next_at": pl.Series([None], dtype=pl.Datetime("us")),
            "state": [RetryState.PARKED.value],
            "value": pl.Series([None], dtype=pl.Decimal(38, 4)),
            "batch_seq": pl.Series([None], dtype=pl.Int64),
        }
    )


@step("publish")
def publish_marts(warehouse: Path, published: Path) -> None:
    """Renew the copy analysts open."""
    with open_warehouse(warehouse) as connection:
        publish(connection, published)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
