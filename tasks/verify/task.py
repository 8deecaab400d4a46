"""Before anything is changed: is this warehouse the one its outbox, and its copy, know?"""

from pathlib import Path

from schemas.errors import DeliveryIncomplete, ProfileWrong, StaleStatus
from schemas.vocabulary import BatchState, FileState
from tasks.outbox.delivery_journal import DELIVERY_JOURNAL, DeliveryJournal, read_delivery
from tasks.outbox.durable import MANIFEST, listed_files, verify_files
from tasks.outbox.folders import batch_folders
from tasks.outbox.transfer_journal import JOURNAL, read_journal
from tasks.step import step
from tasks.verify.decisions import behind
from warehouse.batches import Batch, BatchStore
from warehouse.books import Books, Committed, Witness, witness
from warehouse.connection import RESTORE, file_sha256, open_warehouse
from warehouse.deliveries import DeliveryStore

_UNDER_WAY = (BatchState.WRITTEN, BatchState.IN_DOUBT, BatchState.DELIVERED)
_NEWEST, _ONE_IN = 100, 10
"""Of settled batches these are looked at every time, and of the older ones a tenth, by turns."""

_LOOK = "`r2b verify` names everything that is wrong. Nothing is changed until then."


@step("check the books")
def check_books(warehouse: Path, outbox: Path, published: Path) -> None:
    """Refuse to work with a warehouse that knows less than the outbox or the published copy.

    Also with an outbox that lacks what the warehouse knows of it: a manifest, a journal, a file of
    a batch under way. A batch folder that is gone as a whole was archived, and stops nothing.
    So that it takes as long after years as on the first day, old settled batches take turns: in ten
    runs each was looked at.

    Raises:
        StaleStatus: the warehouse is gone, or older than what was written or published from it.
        DeliveryIncomplete: a batch folder is not as it was written.
        ProfileWrong: the warehouse is another tenant's.
    """
    folders = batch_folders(outbox)
    newest = max(folders, default=0)
    if not warehouse.exists():
        if newest:
            raise _older(newest, None)
        return
    with open_warehouse(warehouse) as connection:
        store = BatchStore(connection)
        last = store.last()
        if newest > (last.seq if last else 0):
            raise _older(newest, last)
        _refuse_another_tenant(last, outbox, warehouse)
        decisions = Books(connection).decisions()
        for seq, path in store.paths().items():
            here = folders.get(seq)
            # to resolve a path is slow, and there may be thousands: most are the same as they stand
            if here is not None and here != path and here.resolve() != path.resolve():
                # the tenant's folder was moved or copied, or restored somewhere else
                store.moved_to(seq, here.resolve())
        for batch in store.to_check(_UNDER_WAY, newest=_NEWEST, one_in=_ONE_IN):
            if batch.path.is_dir():
                _check_folder(batch, decisions.get(batch.seq, []), DeliveryStore(connection))
        _check_witness(witness(published), store.last(), decisions, folders)


@step("check the tenant")
def check_tenant(warehouse: Path, outbox: Path) -> None:
    """Refuse a warehouse, or a copy of it, whose batches are another tenant's.

    Raises:
        ProfileWrong: they are.
    """
    with open_warehouse(warehouse) as connection:
        _refuse_another_tenant(BatchStore(connection).last(), outbox, warehouse)


def _refuse_another_tenant(last: Batch | None, outbox: Path, warehouse: Path) -> None:
    if last is not None and last.path.parent.name != outbox.name:
        raise ProfileWrong(
            f"Opening the warehouse {warehouse.name}: its batches are those of another tenant, "
            f"{last.path.parent.name}.",
            hint="Each tenant has a warehouse.path of its own, and tenant.name never changes: "
            "it is part of every row key. Nothing was done.",
        )


def _older(newest: int, last: Batch | None) -> StaleStatus:
    return StaleStatus(
        f"Starting a run: the outbox holds batch {newest}, but the warehouse knows "
        f"{last.seq if last else 'none'}.",
        hint=f"The warehouse is older than the outbox. {RESTORE} Nothing is written until they "
        "agree.",
    )


def _check_witness(
    copy: Witness | None,
    last: Batch | None,
    committed: dict[int, list[Committed]],
    folders: dict[int, Path],
) -> None:
    """Refuse a warehouse that has lost what its copy shows, and the outbox cannot give back."""
    if copy is None:
        return
    if copy.last_seq > (last.seq if last else 0):
        raise _older_than_copy(f"batch {copy.last_seq}")
    for seq, count in copy.decisions.items():
        known = len(committed.get(seq, []))
        if count > known and (seq not in folders or count > len(read_journal(folders[seq]))):
            raise _older_than_copy(f"decision {count} about batch {seq}")


def _older_than_copy(what: str) -> StaleStatus:
    return StaleStatus(
        f"Starting a run: the published copy shows {what}, which neither warehouse nor outbox "
        "know.",
        hint=f"The warehouse is older than its copy. {RESTORE}",
    )


def _check_folder(batch: Batch, committed: list[Committed], deliveries: DeliveryStore) -> None:
    sealed = batch.path / MANIFEST
    if batch.state in _UNDER_WAY:
        verify_files(batch.path, batch.manifest_sha256)
    elif batch.state is not BatchState.CLAIMED and (
        not sealed.is_file() or file_sha256(sealed) != batch.manifest_sha256
    ):
        raise _not_as_written(batch, f"its {MANIFEST} is missing or altered")
    wrong = behind(read_journal(batch.path), committed)
    if wrong:
        raise _not_as_written(batch, wrong, restore=JOURNAL)
    journal = read_delivery(batch.path)
    if batch.state in _UNDER_WAY:
        _check_delivery(batch, journal, deliveries.left(batch.seq))


def _check_delivery(batch: Batch, journal: DeliveryJournal | None, left: list[str]) -> None:
    """Refuse a delivery journal that has forgotten a file, or that one has left."""
    if journal is None:
        if left:
            raise _not_as_written(
                batch, f"files of it have left, and its {DELIVERY_JOURNAL} is gone"
            )
        return
    listed = {(each.name, each.sha256) for each in journal.files}
    if listed != set(listed_files(batch.path)):
        raise _not_as_written(batch, f"its {DELIVERY_JOURNAL} does not list its files")
    taken_back = {said.get("file") for said in journal.decisions}
    for each in journal.files:
        forgotten = each.state is FileState.PENDING and each.name not in taken_back
        if each.name in left and forgotten:
            raise _not_as_written(
                batch, f"{each.name} has left, and its {DELIVERY_JOURNAL} does not say so"
            )


def _not_as_written(batch: Batch, what: str, *, restore: str = "") -> DeliveryIncomplete:
    return DeliveryIncomplete(
        f"Checking batch {batch.path.name}: {what}.",
        hint=f"Restore {restore or 'the folder'} as it was written, from a backup. {_LOOK}",
    )
