"""What a person may do with the retry queue: look, retry, release, discard."""

from datetime import UTC, datetime

import polars as pl

from flows.audit import Intent, item_subject, on_record
from flows.exclusive import alone_with
from flows.operators import acting
from flows.profile import LoadedProfile
from flows.wiring import publishing
from schemas.errors import IllegalTransition, UsageError, no_such_item
from schemas.vocabulary import Act, RetryState
from tasks.runs.task import free_due_items
from warehouse.connection import open_reading, open_warehouse, prepare_warehouse, transaction
from warehouse.published import publish
from warehouse.retry_queue import RetryEvent, RetryItem, RetryQueue

_WAITING = frozenset({RetryState.WAITING})
_OPEN = frozenset({RetryState.WAITING, RetryState.PARKED, RetryState.RELEASED, RetryState.DEAD})
_ADVICE = {
    RetryState.PARKED: "Waiting does not cure it: once its cause is gone, `r2b queue release` it.",
    RetryState.DEAD: "It was tried often enough: once its cause is gone, `r2b queue release` it.",
    RetryState.RELEASED: "The next `r2b run` takes it up.",
}


def list_items(profile: LoadedProfile, *, closed_too: bool = False) -> list[RetryItem]:
    """Open items, most money first; none when nothing ever ran."""
    if not profile.warehouse.exists():
        return []
    with open_reading(profile.warehouse) as connection:
        return RetryQueue(connection).items(open_only=not closed_too)


def history(profile: LoadedProfile, item_id: int) -> tuple[RetryItem, list[RetryEvent]]:
    """An item and everything that happened to it, oldest first.

    Raises:
        IllegalTransition: there is no such item.
    """
    if not profile.warehouse.exists():
        raise no_such_item(item_id)
    prepare_warehouse(profile.warehouse)
    with open_warehouse(profile.warehouse) as connection:
        queue = RetryQueue(connection)
        item = queue.get(item_id)
        if item is None:
            raise no_such_item(item_id)
        return item, queue.history(item_id)


def retry_due(profile: LoadedProfile) -> int:
    """Let every waiting item whose time has come re-enter the next run; how many."""
    with alone_with(profile), open_warehouse(profile.warehouse) as connection:
        with transaction(connection):
            count = free_due_items(RetryQueue(connection), now=_now())
        publish(connection, publishing(profile))
    return count


def retry_now(profile: LoadedProfile, item_id: int, *, actor: str) -> RetryItem:
    """Let one transient item re-enter the next run although its time has not come.

    Raises:
        IllegalTransition: there is no such item, or waiting is not what cures it.
        NotAllowed: operators are declared and this one may not update billing.
    """
    return _decide(
        profile,
        item_id,
        RetryState.RELEASED,
        intent=_may(profile, item_id, Act.RETRY, actor),
        done="retried",
        may_be=_WAITING,
    )


def release(profile: LoadedProfile, item_id: int, *, actor: str) -> RetryItem:
    """Let an item be tried again as it is; the next run judges it by every rule.

    Raises:
        IllegalTransition: there is no such item, or it is closed or in a batch already.
        NotAllowed: operators are declared and this one may not update billing.
    """
    return _decide(
        profile,
        item_id,
        RetryState.RELEASED,
        intent=_may(profile, item_id, Act.RELEASE, actor),
        done="released",
        may_be=_OPEN,
    )


def discard(profile: LoadedProfile, item_id: int, *, actor: str, reason: str) -> RetryItem:
    """Give an item up; its charge stays held until its content changes.

    Raises:
        UsageError: the reason is blank.
        IllegalTransition, NotAllowed: as for `release`.
    """
    if not reason.strip():
        raise UsageError(
            f"Discarding item {item_id}: there is no reason.",
            hint="Say with --reason why it is given up: it is kept with the item.",
        )
    return _decide(
        profile,
        item_id,
        RetryState.DISCARDED,
        intent=_may(profile, item_id, Act.DISCARD, actor, reason=reason),
        done="discarded",
        may_be=_OPEN,
    )


def _may(profile: LoadedProfile, item_id: int, act: Act, actor: str, *, reason: str = "") -> Intent:
    return acting(profile, actor, "update_billing", act, f"item {item_id}", reason=reason)


def _decide(
    profile: LoadedProfile,
    item_id: int,
    state: RetryState,
    *,
    intent: Intent,
    done: str,
    may_be: frozenset[RetryState],
) -> RetryItem:
    with alone_with(profile), open_warehouse(profile.warehouse) as connection:
        queue, now = RetryQueue(connection), _now()
        item = queue.get(item_id)
        with on_record(profile, intent, item_subject(item_id, item, queue.at_stake(item))):
            item = _checked(item, item_id, state, may_be)
            with transaction(connection):
                outcome = f"{done} by {intent.who}" + (intent.reason and f": {intent.reason}")
                queue.settle(item_id, state, actor=intent.who, outcome=outcome, now=now)
                if state is RetryState.RELEASED:
                    queue.release(pl.Series([item.subject]), now=now, actor=intent.who)
        publish(connection, publishing(profile))
        return item._replace(state=state)


def _checked(
    item: RetryItem | None, item_id: int, state: RetryState, may_be: frozenset[RetryState]
) -> RetryItem:
    """The item, if it may become `state`."""
    if item is None:
        raise no_such_item(item_id)
    if item.state not in may_be:
        words = item.state.value.replace("_", " ")
        raise IllegalTransition(
            f"Item {item_id} is {words}: it cannot become {state.value}.",
            hint=_ADVICE.get(item.state, "See `r2b queue list`."),
        )
    _check_delivery(item, state)
    return item


def _check_delivery(item: RetryItem, state: RetryState) -> None:
    """A batch on its way cannot be wished away, nor a doubt about it."""
    if not item.subject.startswith("delivery:"):
        return
    seq = item.batch_seq
    if state is RetryState.DISCARDED:
        raise IllegalTransition(
            f"Item {item.id} is the delivery of batch {seq}, which is open.",
            hint=f"Give the batch up with `r2b abandon {seq}`, or go on: `r2b deliver {seq}`.",
        )
    if item.reason == "in_doubt":
        raise IllegalTransition(
            f"Item {item.id}: nobody can tell what of batch {seq} arrived.",
            hint=f"Find out, then `r2b deliver {seq} --arrived` or `--absent`, --by NAME.",
        )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
