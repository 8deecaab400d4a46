"""Drain the retry queue: what is due is tried again, one thing's failure never stops the next."""

import logging
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from prefect import flow

from flows.billing_run import billing_run
from flows.deliveries import carry_open
from flows.exclusive import alone_with
from flows.parquet import said_last
from flows.private import keep_private
from flows.profile import LoadedProfile, load_profile
from flows.wiring import batch_terms, new_run, publishing, retry_terms
from schemas.receipts import DrainReceipt
from schemas.vocabulary import RetryState
from tasks.batch.task import recover_batches
from tasks.retry.failures import note_failure, words_of
from tasks.runs.task import publish_marts
from tasks.transfer.task import recover_transfers, write_back
from warehouse.connection import open_warehouse, transaction
from warehouse.retry_queue import RetryItem, RetryQueue

Finisher = Callable[[LoadedProfile, RetryItem], str]
"""Tries one item again; returns its outcome in words, or raises what it failed with."""

_JUDGED = {
    *("charge", "change", "end", "cli", "feed", "feeds"),
    *("customer", "site", "address", "contact", "new_product"),
}
"""What a billing run tries again: it reads everything afresh and applies every rule."""

_ACTOR = "retry queue"

_log = logging.getLogger("r2b.retry_queue")


def finish_write_back(profile: LoadedProfile, item: RetryItem) -> str:
    """Write the file The Layer is told by."""
    path = write_back(profile.warehouse, int(item.subject.partition(":")[2]), retry_terms(profile))
    return f"written: {path.name}"


FINISHERS: Mapping[str, Finisher] = {
    "write_back": finish_write_back,
}
"""By the kind of subject: how a due item is finished without a billing run."""


@flow(name="retry-queue", flow_run_name="retry-queue", persist_result=False)
def retry_queue(profile_path: str | None = None) -> DrainReceipt:
    """Free what is due, finish what needs no run, and bill if anything freed needs one.

    Nothing here bypasses a rule: a freed charge is judged like any other.

    Args:
        profile_path: The tenant's profile; `r2b.toml` when left out.
    """
    keep_private()
    receipt, say_last = _drain(load_profile(Path(profile_path) if profile_path else None))
    if receipt.needs_run:
        billing_run(profile_path)  # which brings the Parquet files up to date, or says so itself
    else:
        say_last()
    return receipt


def drain(profile: LoadedProfile, finishers: Mapping[str, Finisher] | None = None) -> DrainReceipt:
    """Everything of `retry_queue` but the billing run."""
    receipt, say_last = _drain(profile, finishers)
    say_last()
    return receipt


def _drain(
    profile: LoadedProfile, finishers: Mapping[str, Finisher] | None = None
) -> tuple[DrainReceipt, Callable[[], None]]:
    """What came of it, and what says at last that the Parquet files could not follow."""
    by_kind = FINISHERS if finishers is None else finishers
    run = new_run(profile, None)
    with said_last() as say_last, alone_with(profile):
        # what was decided and cut off comes first: it may settle what is due
        recover_batches(run, batch_terms(profile))
        recover_transfers(profile.warehouse, retry_terms(profile), run.as_of, writes_back=False)
        freed, due = _free(profile, by_kind)
        finished = [item.id for item in due if _finish(profile, item, by_kind)]
        # these note their own failures, and none may overtake another
        carried = carry_open(profile, only_due=True)
        publish_marts(profile.warehouse, publishing(profile))
    receipt = DrainReceipt(
        freed=tuple(item.id for item in freed),
        finished=tuple(finished),
        failed=tuple(item.id for item in due if item.id not in finished),
        deliveries=tuple(carried),
        needs_run=bool(freed),
    )
    return receipt, say_last


def _free(
    profile: LoadedProfile, by_kind: Mapping[str, Finisher]
) -> tuple[list[RetryItem], list[RetryItem]]:
    """Items freed for the next run, and those to be finished here: due, or released by a person."""
    with open_warehouse(profile.warehouse) as connection:
        queue, now = RetryQueue(connection), _now()
        due = set(queue.due(now=now)["id"])
        items = sorted(queue.items())
        freed = [item for item in items if item.id in due and _kind(item) in _JUDGED]
        here = [
            item
            for item in items
            if _kind(item) in by_kind and (item.id in due or item.state is RetryState.RELEASED)
        ]
        with transaction(connection):
            subjects = pl.Series([item.subject for item in freed], dtype=pl.String)
            queue.release(subjects, now=now, action="due", actor=_ACTOR)
    return freed, here


def _finish(profile: LoadedProfile, item: RetryItem, by_kind: Mapping[str, Finisher]) -> bool:
    """Try one item; what it fails with, whatever it is, is noted on it and nowhere else."""
    try:
        outcome = by_kind[_kind(item)](profile, item)
    except Exception as error:  # noqa: BLE001  a poison item must not stop the others
        reason, message, transient = words_of(error)
        _log.warning("Item %s of the retry queue failed again: %s.", item.id, reason)
        with open_warehouse(profile.warehouse) as connection, transaction(connection):
            note_failure(
                RetryQueue(connection),
                subject=item.subject,
                reason=reason,
                message=message,
                transient=transient,
                terms=retry_terms(profile),
                now=_now(),
                dice=random.random(),  # noqa: S311  a wait, not a secret
                value=item.value,
                batch_seq=item.batch_seq,
                actor=_ACTOR,
            )
        return False
    with open_warehouse(profile.warehouse) as connection, transaction(connection):
        RetryQueue(connection).move(
            pl.Series([item.subject]),
            RetryState.DONE,
            now=_now(),
            outcome=outcome,
            actor=_ACTOR,
        )
    return True


def _kind(item: RetryItem) -> str:
    return item.subject.partition(":")[0]


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
