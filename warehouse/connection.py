"""Opening the warehouse: short connections, made by rename, errors in people's words."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import duckdb

from schemas.errors import (
    OF_THE_DISK,
    DiskFailed,
    MigrationFailed,
    OutOfMemory,
    SourceContractBroken,
    StaleStatus,
    WarehouseBusy,
)
from warehouse.migrate import migrate

Connection: TypeAlias = duckdb.DuckDBPyConnection
"""What steps hand from store to store; they need no duckdb of their own for it."""


def prepare_warehouse(path: Path) -> None:
    """Make the warehouse if there is none, and bring an older one up to date.

    A new file appears under its name only once it is whole: a crash while DuckDB creates a file
    leaves one that can never be opened again.

    Raises:
        WarehouseBusy: another process has it open.
        MigrationFailed: it is no warehouse, or newer than this program.
    """
    if path.exists():
        with _connect(path) as connection:
            _refuse_a_short_file(connection, path)
            migrate(connection)
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=path.parent) as folder:
        fresh = Path(folder) / path.name
        with _connect(fresh) as connection:
            migrate(connection)
        descriptor = os.open(fresh, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        fresh.rename(path)
    path.chmod(0o600)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_sha256(path: Path) -> str:
    """The digest of a file's bytes."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


@contextlib.contextmanager
def open_warehouse(path: Path, *, memory: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for reading and writing, for as short as possible.

    `memory` is how much DuckDB may use; what does not fit goes to disk beside the file.

    Raises:
        WarehouseBusy: another process has it open.
        MigrationFailed: the file is not a DuckDB database this program can read.
    """
    with _connect(path, memory=memory) as connection:
        yield connection


@contextlib.contextmanager
def held_open(path: Path, *, memory: str) -> Iterator[None]:
    """Make the warehouse ready, and keep it open until the block ends: steps open theirs for free.

    Raises:
        WarehouseBusy, MigrationFailed: as `prepare_warehouse`.
    """
    if not path.exists():
        prepare_warehouse(path)
    with _connect(path, memory=memory) as connection:
        _refuse_a_short_file(connection, path)
        migrate(connection)
        yield


@contextlib.contextmanager
def open_reading(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the live warehouse to look only.

    Raises:
        WarehouseBusy: a run is using it.
        MigrationFailed: it is damaged, or not a DuckDB database this program can read.
    """
    with _connect(path, read_only=True) as connection:
        _refuse_a_short_file(connection, path)
        yield connection


@contextlib.contextmanager
def open_published(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a published copy: read-only, unable to reach any other file.

    Raises:
        StaleStatus: it cannot be read.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
    }
    try:
        opened = duckdb.connect(str(path), read_only=True, config=config)
    except duckdb.Error as error:
        raise StaleStatus(
            f"Reading the published copy {path.name}: it cannot be read.",
            hint="The next `r2b run`, or `r2b queue retry`, makes it anew. `r2b verify` says "
            "whether anything else is wrong.",
        ) from error
    with contextlib.closing(opened) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET lock_configuration = true")
        yield connection


@contextlib.contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing: commit when the block ends well, roll back when it does not."""
    connection.begin()
    try:
        yield
    except BaseException:
        # of what failed for good, as on a full disk, nothing is left to roll back
        with contextlib.suppress(duckdb.Error):
            connection.rollback()
        raise
    connection.commit()


def _behave(connection: duckdb.DuckDBPyConnection) -> None:
    """Moments are UTC, also for its cursors; nothing is printed: stdout is the command's answer."""
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")


@contextlib.contextmanager
def disk_trouble_told(path: Path) -> Iterator[None]:
    """Say in people's words what a full or failing disk did to the work on the warehouse `path`.

    Whether a commit that failed is durable shows at the next opening: nothing goes on from here.

    Raises:
        DiskFailed: the disk did.
    """
    try:
        yield
    except (OSError, duckdb.Error) as error:
        if not _is_of_the_disk(error):
            raise
        raise DiskFailed(
            f"Working on {path.name}: the disk is full, or failed to write.",
            hint="Make room and look after the disk, then do it again: what was begun is finished, "
            "nothing is done twice.",
        ) from error


def _is_of_the_disk(error: Exception) -> bool:
    """DuckDB names no number; it quotes the system's words for one, but for a failed sync."""
    if isinstance(error, OSError):
        return error.errno in OF_THE_DISK
    words = ("fsync failed", *map(os.strerror, OF_THE_DISK))
    return any(each in str(error) for each in words)


@contextlib.contextmanager
def _connect(
    path: Path, *, memory: str | None = None, read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    # the same for every connection: DuckDB refuses two with different ones to one file
    config: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": str(path.parent / ".spill"),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "python_enable_replacements": "false",
    }
    try:
        connection = duckdb.connect(str(path), config=config, read_only=read_only)
    except duckdb.Error as error:
        if _is_of_the_disk(error):
            raise
        if "Could not set lock" in str(error):
            raise _busy(path, read_only=read_only) from error
        if path.exists() and not os.access(path, os.R_OK if read_only else os.R_OK | os.W_OK):
            raise MigrationFailed(
                f"Opening the warehouse {path.name}: we may not use it.",
                hint="Let the user that runs r2b read and write it, and its folder.",
            ) from error
        raise MigrationFailed(
            f"Opening the warehouse {path.name}: it is damaged, or not a DuckDB database this "
            "program reads.",
            hint=RESTORE,
        ) from error
    with contextlib.closing(connection):
        try:
            _behave(connection)
            if memory is not None:
                connection.execute("SET memory_limit = $memory", {"memory": memory})
            yield connection
        except duckdb.Error as error:
            if _is_of_memory(error):
                raise OutOfMemory(
                    f"Working in {path.name}: the memory it may use is not enough.",
                    hint="Raise warehouse.memory in the profile, then run again: nothing is lost.",
                ) from error
            if is_damage(error):
                raise _damaged(path) from error
            if isinstance(error, duckdb.OutOfRangeException) and "Overflow" in str(error):
                raise SourceContractBroken(
                    f"Working in {path.name}: there are amounts that are too large to be added up.",
                    hint="Look in the feeds for quantities and prices of a dozen digits and more.",
                ) from error
            raise


def _is_of_memory(error: duckdb.Error) -> bool:
    """Whether memory ran out; where it does at a commit, only DuckDB's words say so."""
    words = ("failed to pin block", "could not allocate block")
    return isinstance(error, duckdb.OutOfMemoryException) or any(
        each in str(error) for each in words
    )


RESTORE = (
    "Restore its newest backup, and remove a .wal file that stands beside it from before; what was "
    "decided since is taken from the outbox. `r2b verify` says what is whole."
)
"""What to do about a warehouse that is damaged or gone."""

_SIGNS_OF_DAMAGE = (
    "Corrupt database file",
    "Could not read enough bytes",
    "Failed to deserialize",
    "Failure while replaying WAL",
    "checksum",
)


def is_damage(error: duckdb.Error) -> bool:
    """Whether DuckDB says that a file is not as it wrote it."""
    return any(sign in str(error) for sign in _SIGNS_OF_DAMAGE)


def _damaged(path: Path) -> MigrationFailed:
    return MigrationFailed(
        f"Reading the warehouse {path.name}: it is damaged; part of it is not as it was written.",
        hint=RESTORE,
    )


def _busy(path: Path, *, read_only: bool) -> WarehouseBusy:
    if read_only:
        return WarehouseBusy(
            f"Reading the warehouse {path.name}: a run is using it.",
            hint="Wait until it has finished, then try again.",
        )
    return WarehouseBusy(
        f"Opening the warehouse {path.name}: another process has it open.",
        hint="Close it there (analysts: open the published copy instead), then try again.",
    )


_HEADERS_BYTES = 3 * 4096


def _refuse_a_short_file(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse a file too short for what is in it: DuckDB misses what is gone only once it looks."""
    # while a log of changes waits beside it, what it holds is not all in the file yet
    if path.with_name(f"{path.name}.wal").exists():
        return
    # free blocks at its end are cut off rightly, and counted in total_blocks all the same
    used = connection.execute(
        "SELECT used_blocks * block_size FROM pragma_database_size() "
        "WHERE database_name = current_database()"
    ).fetchall()
    if path.stat().st_size < _HEADERS_BYTES + used[0][0]:
        raise _damaged(path)
