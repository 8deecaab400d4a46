"""One at a time: whoever changes the warehouse is alone with it until it is done."""

from collections.abc import Iterator
from contextlib import contextmanager

from flows.profile import LoadedProfile
from warehouse.connection import held_open
from warehouse.lock import only_run


@contextmanager
def alone_with(profile: LoadedProfile) -> Iterator[None]:
    """Be the only one at work on this warehouse: made ready, and open until the block ends.

    Raises:
        WarehouseBusy: another process is at work on it.
        MigrationFailed: it cannot be made ready.
    """
    with (
        only_run(profile.warehouse),
        held_open(profile.warehouse, memory=profile.settings.warehouse.memory),
    ):
        yield
