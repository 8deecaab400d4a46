"""Bring the Parquet files up to date with the published copy: files first, the pointer last."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from schemas.errors import NotPublished
from tasks.outbox.durable import moment_text
from tasks.parquet.pointer import (
    NotOurs,
    Pointer,
    ViewFile,
    as_text,
    file_name,
    no_longer_named,
    read_pointer,
)
from tasks.parquet.port import POINTER, Place, PlaceFailed, Stock
from tasks.step import step
from warehouse.connection import Connection, disk_trouble_told, file_sha256
from warehouse.parquet import last_run, made_of, open_to_copy_out, write_view

STANDS = "All else is done and stands."
LATER = "Analysts read what was published before, until the next run brings it up to date."
"""What is said where Parquet files could not follow."""


_A_PLACE_OF_ITS_OWN = "Name a place of its own in [parquet] of the profile."


@dataclass(frozen=True)
class ParquetTerms:
    """Whose files they are, whether they may name customers, and how much memory may be used."""

    tenant: str
    personal: bool
    memory: str


@dataclass(frozen=True)
class ParquetReceipt:
    """What was written, sent, and removed; nothing of it where the copy is as it was."""

    written: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@step("publish as Parquet")
def publish_as_parquet(copy: Path, place: Place, terms: ParquetTerms) -> ParquetReceipt:
    """Let the files in `place` say what the published copy says; twice is once.

    Whoever follows the pointer sees the state before or the state after, never anything between.
    A view whose rows are as they were is neither written nor sent again. The caller holds what it
    held to publish the copy.

    Raises:
        NotPublished: the place cannot be used, or is another tenant's.
        StaleStatus, OutOfMemory, DiskFailed: of the copy, or of the disk beside it.
    """
    try:
        return _publish(copy, place, terms)
    except PlaceFailed as error:
        raise NotPublished(
            f"Publishing as Parquet: {error.words}.", hint=f"{STANDS} {error.remedy or LATER}"
        ) from error


def _publish(copy: Path, place: Place, terms: ParquetTerms) -> ParquetReceipt:
    digest, seen = file_sha256(copy), place.look()
    before = _pointer(seen, terms)
    if before is not None and before.copy == digest:
        return ParquetReceipt()
    files = _Files(place, seen, before)
    with _folder_beside(copy) as beside, open_to_copy_out(copy, beside, memory=terms.memory) as db:
        said = last_run(db)
        now = Pointer(
            tenant=terms.tenant,
            as_of=said.as_of,
            run_id=said.run_id,
            published_at=moment_text(datetime.now(UTC).replace(tzinfo=None)),
            copy=digest,
            personal=terms.personal,
            retention=said.retention,
            views={
                view: files.of(db, view, made, beside / "view.parquet")
                for view, made in made_of(db).items()
            },
        )
    place.point(as_text(now), seen)
    gone = sorted(no_longer_named({*seen.files, *files.sent}, now, before))
    try:
        for name in gone:
            place.remove(name)
    except PlaceFailed as error:
        raise PlaceFailed(
            f"the new state is there, but what it replaces could not be removed: {error.words}",
            remedy="It goes with the next change, once we may remove files there.",
        ) from error
    return ParquetReceipt(tuple(files.written), tuple(files.sent), tuple(gone))


def _pointer(seen: Stock, terms: ParquetTerms) -> Pointer | None:
    """The pointer that is there, if it is one of this tenant's."""
    if seen.pointer is None:
        return None
    try:
        pointer = read_pointer(seen.pointer)
    except NotOurs as error:
        raise PlaceFailed(
            f"the {POINTER} that is there is not of this program", remedy=_A_PLACE_OF_ITS_OWN
        ) from error
    if pointer.tenant != terms.tenant:
        raise PlaceFailed("the place holds the files of another tenant", remedy=_A_PLACE_OF_ITS_OWN)
    return pointer


class _Files:
    """Brings files to a place, those that are not there yet."""

    def __init__(self, place: Place, seen: Stock, before: Pointer | None) -> None:
        self._place = place
        self._there = seen.files
        self._known = before.views if before else {}
        self.written: list[str] = []
        self.sent: list[str] = []

    def of(self, db: Connection, view: str, made: str, aside: Path) -> ViewFile:
        """The file of a view, which is there once this returns."""
        known = self._known.get(view)
        if known and known.made_of == made and self._there.get(known.file) == known.bytes:
            return known
        rows = write_view(db, view, aside)
        digest, size = file_sha256(aside), aside.stat().st_size
        name = file_name(view, digest)
        self.written.append(view)
        if self._there.get(name) != size:
            self._place.bring(name, aside, replacing=name in self._there)
            self.sent.append(name)
        aside.unlink()
        return ViewFile(name, rows, digest, size, made)


@contextmanager
def _folder_beside(copy: Path) -> Iterator[Path]:
    """An empty folder of ours alone; what a killed process left in it is swept, and so is all."""
    folder = copy.with_name(f".{copy.name}.parquet")
    with disk_trouble_told(copy):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
