"""Tidy up: old files, pages of runs that were cut off, what has been kept for long enough."""

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.receipts import KeptLongEnough, Removed, RetentionReceipt, UpkeepReceipt
from tasks.outbox.removal import removable, remove_files, size_of_all
from tasks.step import step
from tasks.upkeep.retention import RetentionTerms, written_before
from warehouse.connection import Connection, open_reading, open_warehouse, sync_folder, transaction
from warehouse.retention import RetentionStore
from warehouse.runs import RunStore
from warehouse.upkeep import UpkeepStore, compact, size_of


@step("tidy up")
def tidy_up(
    warehouse: Path,
    landed: Path,
    reports: Path,
    *,
    keep_landed: timedelta,
    keep_reports: timedelta,
) -> UpkeepReceipt:
    """Remove what nobody needs any more, and make the warehouse compact.

    A landed file stays for as long as a view of `raw` shows it, whatever its age. Certificates, the
    outbox and everything in the warehouse stay.

    Args:
        warehouse: a warehouse that is ready, with nobody else at work on it.
        landed: the folder of landed feed files.
        reports: the folder of reports.
        keep_landed: landed files that are younger stay.
        keep_reports: reports that are younger stay.
    """
    before = size_of(warehouse)
    with open_warehouse(warehouse) as connection:
        store = UpkeepStore(connection)
        files = {each.name: each for each in _old(landed, keep_landed)}
        in_use = store.landed_in_use(set(files))
        with transaction(connection):
            closed = RunStore(connection).close_left_open(_now())
        store.checkpoint()
    return UpkeepReceipt(
        landed=_remove(file for name, file in files.items() if name not in in_use),
        reports=_remove(_old(reports, keep_reports)),
        closed_runs=closed,
        bytes_before=before,
        bytes_after=size_of(warehouse),
    )


@step("see what was kept long enough")
def see_what_is_old(warehouse: Path, terms: RetentionTerms) -> RetentionReceipt:
    """What `remove_what_is_old` would remove; the warehouse is only read.

    Raises:
        WarehouseBusy: a run is using it.
    """
    with open_reading(warehouse) as connection:
        store = RetentionStore(connection)
        kinds = _files(connection, terms)
        if terms.rejects is not None:
            kinds["rejects"] = KeptLongEnough(
                terms.rejects, rows=store.rejected_values(terms.rejects)
            )
        if terms.personal is not None:
            kinds["personal"] = KeptLongEnough(
                terms.personal, rows=store.personal_rows(terms.personal)
            )
        return RetentionReceipt(
            terms.as_of, is_planned=True, kinds=kinds, finishes=store.was_cut_off()
        )


@step("remove what was kept long enough")
def remove_what_is_old(warehouse: Path, terms: RetentionTerms, *, actor: str) -> RetentionReceipt:
    """Remove it: first from the books with a note of it, in one transaction, then the files.

    Killed in between, the same again removes the files that are left: which ones go depends on
    nothing that the books have lost. It is finished only by `compact_warehouse`.

    Args:
        warehouse: a warehouse that is ready, with nobody else at work on it.
        terms: what goes.
        actor: who says so.
    """
    before, moment = size_of(warehouse), _now()
    with open_warehouse(warehouse) as connection:
        store = RetentionStore(connection)
        cut_off = store.was_cut_off()
        kinds = _files(connection, terms)
        landed, batches = _old_landed(connection, terms), _old_batches(connection, terms)
        with transaction(connection):
            if terms.rejects is not None:
                rows = store.blank_rejected_values(terms.rejects)
                kinds["rejects"] = KeptLongEnough(terms.rejects, rows=rows)
            if terms.personal is not None:
                rows = store.blank_personal_rows(terms.personal)
                kinds["personal"] = KeptLongEnough(terms.personal, rows=rows)
            store.drop_leftovers()
            store.note(kinds, actor=actor, moment=moment)
    for folder in batches:
        remove_files(folder, actor=actor, moment=moment)
    _remove(landed)
    if landed:
        sync_folder(terms.landed)
    return RetentionReceipt(
        terms.as_of,
        is_planned=False,
        kinds=kinds,
        finishes=cut_off,
        by=actor,
        bytes_before=before,
    )


@step("compact the warehouse")
def compact_warehouse(
    warehouse: Path, receipt: RetentionReceipt, *, memory: str
) -> RetentionReceipt:
    """Write the warehouse anew without what was removed, and say that retention is finished.

    Raises:
        MigrationFailed: it cannot be copied; what was removed is removed, but not finished.
    """
    compact(warehouse, memory=memory, finished_at=_now())
    return replace(receipt, bytes_after=size_of(warehouse))


def _files(connection: Connection, terms: RetentionTerms) -> dict[str, KeptLongEnough]:
    """Every kind, with the files of it that go."""
    kinds = {kind: KeptLongEnough() for kind in ("raw", "rejects", "files", "personal")}
    inside = [each for folder in _old_batches(connection, terms) for each in removable(folder)]
    for kind, before, files in (
        ("raw", terms.raw, _old_landed(connection, terms)),
        ("files", terms.files, inside),
    ):
        size = size_of_all(files)
        kinds[kind] = KeptLongEnough(before, files=size.files, bytes=size.bytes)
    return kinds


def _old_landed(connection: Connection, terms: RetentionTerms) -> list[Path]:
    """Landed files that were read last before the day, and that no view of `raw` shows."""
    if terms.raw is None:
        return []
    files = {each.name: each for each in written_before(terms.landed, terms.raw)}
    needed = RetentionStore(connection).landed_needed(terms.raw)
    needed |= UpkeepStore(connection).landed_in_use(set(files))
    return [file for name, file in files.items() if name not in needed]


def _old_batches(connection: Connection, terms: RetentionTerms) -> list[Path]:
    if terms.files is None:
        return []
    return [each for each in RetentionStore(connection).old_batches(terms.files) if each.is_dir()]


def _old(folder: Path, keep: timedelta) -> list[Path]:
    """The files of `folder` that were last written longer ago than `keep`, by name."""
    if not folder.is_dir():
        return []
    since = time.time() - keep.total_seconds()
    return sorted(
        each for each in folder.iterdir() if each.is_file() and each.stat().st_mtime < since
    )


def _remove(files: Iterable[Path]) -> Removed:
    count = size = 0
    for file in files:
        size += file.stat().st_size
        file.unlink()
        count += 1
    return Removed(files=count, bytes=size)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
