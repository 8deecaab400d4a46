"""Tidy up: old files, pages of runs that were cut off, the log of the warehouse."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.receipts import Removed, UpkeepReceipt
from tasks.step import step
from warehouse.connection import open_warehouse, transaction
from warehouse.runs import RunStore
from warehouse.upkeep import UpkeepStore, size_of


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
            closed = RunStore(connection).close_left_open(datetime.now(UTC).replace(tzinfo=None))
        store.checkpoint()
    return UpkeepReceipt(
        landed=_remove(file for name, file in files.items() if name not in in_use),
        reports=_remove(_old(reports, keep_reports)),
        closed_runs=closed,
        bytes_before=before,
        bytes_after=size_of(warehouse),
    )


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
