"""One at a time: whoever changes the warehouse is alone with it until it is done."""

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.audit import catch_up
from flows.parquet import follow
from flows.profile import LoadedProfile
from flows.register import compare
from schemas.errors import NotPublished, R2BError, WarehouseBusy
from tasks.verify.task import check_books
from warehouse.connection import disk_trouble_told, held_open, prepare_warehouse
from warehouse.lock import only_run

_log = logging.getLogger("r2b.parquet")

_LOOK_AGAIN_SECONDS = 0.5
_LOOKERS_TAKE_SECONDS = 5.0
"""Who only looks has the file open as well, soon to be gone: no reason for a run to fail."""


@contextmanager
def alone_with(profile: LoadedProfile, *, stays_open: bool = True) -> Iterator[None]:
    """Be the only one at work on this warehouse: made ready, and open until the block ends.

    It has followed the audit trail. Who puts another file in its place says `stays_open=False`: it
    is made ready, and closed again.

    A person is told at once that somebody else is at work, and soon that another program has the
    file open. A deployed run waits its turn, for as long as `schedule.patience_minutes` says:
    schedules of one tenant may meet. It is alone across all machines of its server.

    At the end the Parquet files follow the published copy, if there are any: whatever the block has
    decided, and also where it fails. `said_last` lets a flow show first what it has done.

    Raises:
        WarehouseBusy: another process is at work on it.
        NotPublished: the block is done, but the Parquet files could not follow.
        MigrationFailed: it cannot be made ready.
        DiskFailed: the disk is full, or fails, at whatever is done in the block.
        StaleStatus, DeliveryIncomplete: outbox or published copy know what it does not, or the
            other way round.
        IllegalTransition: this is not the tenant's home, as the register says, or, deployed, the
            server.
        ServingFailed: the register does not answer.
    """
    with disk_trouble_told(profile.warehouse), _alone_with(profile, stays_open=stays_open):
        before = _seen(profile.published)
        try:
            yield
        except R2BError:
            if _seen(profile.published) != before:
                try:
                    follow(profile)
                except NotPublished as error:
                    _log.warning("%s", error.message)  # what came before it counts more
            raise
        follow(profile)


def _seen(published: Path) -> tuple[int, int] | None:
    """Which file the published copy is."""
    try:
        seen = published.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_mtime_ns


@contextmanager
def _alone_with(profile: LoadedProfile, *, stays_open: bool) -> Iterator[None]:
    if not _is_deployed():
        with _held(profile, patience=0, stays_open=stays_open):
            catch_up(profile)
            yield
        return
    # Prefect is slow to import, and only needed where it runs us
    from flows.one_home import on_the_right_copy, only_run_anywhere  # noqa: PLC0415

    patience = 60 * profile.settings.schedule.patience_minutes
    with (
        only_run_anywhere(profile, patience),
        _held(profile, patience, stays_open=stays_open),
        on_the_right_copy(profile),
    ):
        catch_up(profile)
        yield


@contextmanager
def _held(profile: LoadedProfile, patience: float, *, stays_open: bool) -> Iterator[None]:
    with contextlib.ExitStack() as held:
        _patiently(lambda: held.enter_context(only_run(profile.warehouse)), patience)
        if not profile.warehouse.exists():
            # before one is made: an empty warehouse beside a full outbox would bill it all again
            check_books(profile.warehouse, profile.outbox, profile.published)
        _patiently(
            lambda: _open(held, profile, stays_open=stays_open),
            max(patience, _LOOKERS_TAKE_SECONDS),
        )
        check_books(profile.warehouse, profile.outbox, profile.published)
        compare(profile)
        yield


def _open(held: contextlib.ExitStack, profile: LoadedProfile, *, stays_open: bool) -> None:
    if stays_open:
        held.enter_context(held_open(profile.warehouse, memory=profile.settings.warehouse.memory))
    else:
        prepare_warehouse(profile.warehouse)


def _patiently(enter: Callable[[], object], patience: float) -> None:
    """Try until nobody else is at work, for so many seconds."""
    give_up_at = time.monotonic() + patience
    while True:
        try:
            enter()
        except WarehouseBusy:
            if time.monotonic() >= give_up_at:
                raise
            time.sleep(_LOOK_AGAIN_SECONDS)
        else:
            return


def _is_deployed() -> bool:
    """Whether a worker runs this; where nobody has imported Prefect, none does."""
    runtime = sys.modules.get("prefect.runtime")
    return runtime is not None and runtime.deployment.id is not None
