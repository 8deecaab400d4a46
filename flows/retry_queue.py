"""What a person may do with the retry queue: look, retry what is due, release, discard."""

from datetime import UTC, datetime

import polars as pl

from flows.operators import acting
from flows.profile import LoadedProfile
from schemas.errors import IllegalTransition
from schemas.vocabulary import RetryState
from tasks.runs.task import free_due_items
from warehouse.connection import open_warehouse, prepare_warehouse, transaction
from warehouse.lock import only_run
from warehouse.published import publish
from warehouse.retry_queue import RetryItem, RetryQueue

_CLOSED = (RetryState.DONE, RetryState.DISCARDED)


def list_items(profile: LoadedProfile) -> list[RetryItem]:
    """Open items, most money first; none when nothing ever ran."""
    if not profile.warehouse.exists():
        return []
    with open_warehouse(profile.warehouse) as connection:
        return RetryQueue(connection).items()


def retry_due(profile: LoadedProfile) -> int:
    """Let every waiting item whose time has come re-enter the next run; how many."""
    with only_run(profile.warehouse):
        prepare_warehouse(profile.warehouse)
        with open_warehouse(profile.warehouse) as connection:
            with transaction(connection):
                count = free_due_items(RetryQueue(connection), now=_now())
            publish(connection, profile.published)
    return count


def release(profile: LoadedProfile, item_id: int, *, actor: str) -> RetryItem:
    """Let an item be tried again as it is; the next run judges it by every rule.

    Raises:
        IllegalTransition: there is no such item, or it is closed or in a batch already.
        NotAllowed: operators are declared and this one may not update billing.
    """
    acting(profile, actor, "update_billing")
    return _decide(profile, item_id, RetryState.RELEASED, actor, f"released by {actor}")


def discard(profile: LoadedProfile, item_id: int, *, actor: str, reason: str) -> RetryItem:
    """Give an item up; its charge stays held until its content changes.

    Raises:
        IllegalTransition, NotAllowed: as for `release`.
    """
    acting(profile, actor, "update_billing")
    return _decide(profile, item_id, RetryState.DISCARDED, actor, f"discarded by {actor}: {reason}")


def _decide(
    profile: LoadedProfile, item_id: int, state: RetryState, actor: str, outcome: str
) -> RetryItem:
    with only_run(profile.warehouse):
        prepare_warehouse(profile.warehouse)
        with open_warehouse(profile.warehouse) as connection:
            queue = RetryQueue(connection)
            item = queue.get(item_id)
            if item is None:
                raise IllegalTransition(
                    f"There is no item {item_id} in the queue.", hint="See `r2b queue list`."
                )
            if item.state in _CLOSED or item.state is RetryState.IN_FLIGHT:
                raise IllegalTransition(
                    f"Item {item_id} is {item.state.value.replace('_', ' ')}: "
                    f"it cannot become {state.value}.",
                    hint="See `r2b queue list`.",
                )
            with transaction(connection):
                queue.settle(item_id, state, actor=actor, outcome=outcome, now=_now())
                if state is RetryState.RELEASED:
                    queue.free(pl.Series([item.subject]))
            publish(connection, profile.published)
            return item._replace(state=state)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
