"""One run at a time: a lock of its own beside the warehouse, dropped by the kernel with its holder.

Never the DuckDB file itself: opening that with anything but DuckDB drops DuckDB's own lock.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from schemas.errors import R2BError, WarehouseBusy


def lock_path(warehouse: Path) -> Path:
    """Where the lock of `warehouse` lives."""
    return warehouse.with_name(warehouse.name + ".lock")


@contextlib.contextmanager
def only_run(warehouse: Path) -> Iterator[None]:
    """Be the only run on `warehouse` until the block ends.

    Raises:
        WarehouseBusy: another process is in its block.
    """
    busy = WarehouseBusy(
        f"Starting on {warehouse.name}: another run is using this warehouse.",
        hint="Wait until it has finished, then try again.",
    )
    with alone_on(lock_path(warehouse), busy):
        yield


@contextlib.contextmanager
def alone_on(path: Path, taken: R2BError) -> Iterator[None]:
    """Hold the lock `path`, a file of its own, until the block ends.

    Raises:
        R2BError: `taken`, where another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise taken from error
        yield
    finally:
        os.close(descriptor)


def is_locked(warehouse: Path) -> bool:
    """Whether a run holds the lock right now; looks without making anything."""
    path = lock_path(warehouse)
    if not path.exists():
        return False
    with path.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
