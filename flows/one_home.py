"""A tenant has one home: across machines, one run at a time, and never on a copy that is behind.

The lock beside the warehouse knows of this machine only. What all workers of a server share is the
server: it gives out one slot per tenant, and remembers the last batch. A run that finds itself
behind that, or beside it, is on another copy of the tenant, and must not bill.
"""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import VariableCreate, VariableUpdate
from prefect.concurrency.sync import concurrency

from flows.artifacts import shown
from flows.naming import slug, tenant_tag
from flows.profile import LoadedProfile
from schemas.errors import IllegalTransition, WarehouseBusy
from warehouse.lookups import last_batch

_LEASE_SECONDS = 60
"""A slot whose holder has died is free after so long."""


def make_slot(tenant: str) -> None:
    """Let the server give out one slot for a tenant; again is the same."""
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(tenant_tag(tenant), 1)


@contextmanager
def only_run_anywhere(profile: LoadedProfile, patience_seconds: float) -> Iterator[None]:
    """Hold the tenant's slot until the block ends; wait for it as long as `patience_seconds`.

    Where the server has no such slot (nobody served), there is nothing to hold.

    Raises:
        WarehouseBusy: another run of the tenant has it, here or on another machine.
    """
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(
                concurrency(
                    tenant_tag(profile.settings.tenant.name),
                    timeout_seconds=patience_seconds,
                    lease_duration=_LEASE_SECONDS,
                    raise_on_lease_renewal_failure=False,
                )
            )
        except TimeoutError as error:
            raise WarehouseBusy(
                "Waiting for this tenant's turn: another run of it is at work, here or elsewhere.",
                hint="See what runs with the tenant's tag; then run again.",
            ) from error
        yield


@contextmanager
def on_the_right_copy(profile: LoadedProfile) -> Iterator[None]:
    """Be sure that this warehouse wrote the tenant's last batch; note its last one at the end.

    Raises:
        IllegalTransition: the server knows of a batch that this warehouse does not; nothing is
            done.
    """
    name = f"r2b_last_batch_{slug(profile.settings.tenant.name).replace('-', '_')}"
    with get_client(sync_client=True) as client:
        variable = client.read_variable_by_name(name)
    known: Any = variable.value if variable else None
    if known is not None and _is_elsewhere(known, _head(profile)):
        raise IllegalTransition(
            f"Starting on {profile.warehouse.name}: batch {known['seq']} was written from another "
            "copy of this tenant.",
            hint="A tenant has one home: serve it where its warehouse and outbox are. If this is "
            f"its home, restored on purpose, delete Prefect's variable {name} and run again.",
        )
    try:
        yield
    finally:
        with shown():  # a run that is done does not fail for it; the next one tells
            _remember(name, _head(profile), is_known=variable is not None)


def _head(profile: LoadedProfile) -> dict[str, Any]:
    seq, digest = last_batch(profile.warehouse)
    return {"seq": seq, "digest": digest}


def _is_elsewhere(known: dict[str, Any], here: dict[str, Any]) -> bool:
    if known["seq"] != here["seq"]:
        return bool(known["seq"] > here["seq"])
    both = known["digest"] and here["digest"]
    return bool(both and known["digest"] != here["digest"])


def _remember(name: str, head: dict[str, Any], *, is_known: bool) -> None:
    with get_client(sync_client=True) as client:
        if is_known:
            client.update_variable(VariableUpdate(name=name, value=head))
        else:
            client.create_variable(VariableCreate(name=name, value=head))
