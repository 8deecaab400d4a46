"""The register beside the warehouse: is this copy of the tenant the newest, is a number ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import IllegalTransition, ProfileWrong, ServingFailed
from schemas.receipts import SealedBatch
from tasks.register.port import EnteredElsewhere, Entry, Register, RegisterDown, RegisterUnfit
from tasks.step import step
from warehouse.batches import Batch, BatchStore
from warehouse.connection import open_warehouse


@step("compare with the register")
def check_register(warehouse: Path, register: Register) -> None:
    """Refuse a warehouse that lacks what the register has; enter what the register lacks.

    So a register may be introduced, or restored, where there are batches already.

    Raises:
        IllegalTransition: another copy of the tenant has gone on. Nothing was entered.
        ServingFailed: the register does not answer.
        ProfileWrong: it cannot be used so.
    """
    with (
        open_warehouse(warehouse) as connection,
        told(f"Starting on {warehouse.name}"),
    ):
        store, entries = BatchStore(connection), register.entries()
        if entries:
            last = entries[-1]
            here = store.get(last.seq)
            if here is None or not _is_as_here(last, here, register.place):
                raise EnteredElsewhere(last.seq, last.by)
        missing = store.sealed_but({entry.seq for entry in entries})
        if missing:
            register.enter(missing)


def _is_as_here(entry: Entry, here: Batch, place: str) -> bool:
    """Whether the register has a batch as the warehouse has it.

    Without a digest it is from between claim and manifest: to publish it again tells.
    """
    if here.manifest_sha256 in {None, entry.manifest_sha256}:
        return True
    return entry.is_claim_of(here.as_sealed(entry.manifest_sha256), place)


def enter_batch(register: Register, batch: SealedBatch) -> None:
    """Enter a batch that is about to be put into the outbox, or that has just been put there.

    Raises:
        IllegalTransition: its number was given to a batch of another copy; this one must not leave.
        ServingFailed: the register does not answer; it may be tried again.
        ProfileWrong: it cannot be used so.
    """
    with told(f"Entering batch {batch.seq} in the register"):
        register.enter([batch])


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Say what a register fails with in the block in people's words; `doing`: what was being done.

    Raises:
        IllegalTransition: another copy of the tenant has gone on.
        ServingFailed: it does not answer.
        ProfileWrong: it cannot be used.
    """
    try:
        yield
    except EnteredElsewhere as error:
        by = f" by {error.by}" if error.by else ""
        raise IllegalTransition(
            f"{doing}: batch {error.seq} was entered{by} from another copy of this tenant.",
            hint="A tenant has one home: work where its warehouse and outbox are. If this is its "
            "home, restored on purpose, see docs/how-to/keep-a-register.md.",
        ) from error
    except RegisterDown as error:
        raise ServingFailed(
            f"{doing}: the register gives no answer: {error.words}",
            hint="See that its database is up and lets us in, then run again: nothing is lost.",
        ) from error
    except RegisterUnfit as error:
        raise ProfileWrong(
            f"{doing}: the register cannot be used: {error.words}",
            hint="It needs a schema in which its table may be made, read, added to and changed.",
        ) from error
