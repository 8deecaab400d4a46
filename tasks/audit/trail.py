"""The audit trail as a file: appended line by line, flushed to disk before what it tells begins."""

import errno
import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from schemas.audit import AuditEntry, AuditFault, AuditHead, AuditReport, Deed
from schemas.errors import DeliveryIncomplete, ProfileWrong
from tasks.audit.chain import entries_of, first_fault, line_of, sealed, whole_lines
from warehouse.connection import sync_folder


@dataclass(frozen=True)
class Trail:
    """One tenant's trail; with `keys`, what is added takes the first of them to be made.

    The others sealed what is there already, the newest first.
    """

    path: Path
    keys: tuple[bytes, ...] = ()

    def entries(self, heads: Iterable[AuditHead] = ()) -> list[AuditEntry]:
        """Every entry, oldest first, once the trail was found to be whole.

        Raises:
            DeliveryIncomplete: it is not, or lacks what `heads` know of it.
        """
        content = self._content()
        _refuse(first_fault(content, self.keys, heads))
        return entries_of(content)

    def head(self) -> AuditHead | None:
        """The last entry, unchecked; None before the first, or where it cannot be read."""
        content = self._content()
        try:
            entries = entries_of(content[content.rfind(b"\n", 0, -1) + 1 :])
        except ValueError:
            return None
        return AuditHead(entries[0].number, entries[0].hash) if entries else None

    def check(self, heads: Sequence[AuditHead]) -> AuditReport:
        """What is wrong with the trail, and how much of it could be checked."""
        content = self._read()
        fault = first_fault(content, self.keys, heads)
        entries = [] if fault else entries_of(content)
        keyed = sum(entry.is_keyed for entry in entries)
        return AuditReport(
            entries=content.count(b"\n"),
            fault=fault,
            unkeyed=len(entries) - keyed,
            unchecked=0 if self.keys else keyed,
            heads=len({head.known_to for head in heads}),
        )

    @contextmanager
    def open_to_add(self, heads: Sequence[AuditHead] = ()) -> Iterator["Page"]:
        """Be the only one that adds to the trail until the block ends; it is whole when it begins.

        Raises:
            DeliveryIncomplete: it is not whole, or cannot be written.
            ProfileWrong: it is sealed with a key, and none is given.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            is_new = not self.path.exists()
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "r+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if is_new:
                    sync_folder(self.path.parent)
                content = file.read()
                whole = whole_lines(content)
                _refuse(first_fault(whole, self.keys, heads))
                entries = entries_of(whole)
                key = self.keys[0] if self.keys else None
                _need_key(entries, key)
                if len(whole) < len(content):
                    file.truncate(len(whole))
                yield Page(file, key, entries)
        except OSError as error:
            raise DeliveryIncomplete(
                f"Writing the audit trail {self.path.name}: {error.strerror or 'it failed'}.",
                hint="Nothing was done: make room, or mend who may write there, then try again.",
            ) from error

    def _content(self) -> bytes:
        return whole_lines(self._read())

    def _read(self) -> bytes:
        try:
            return self.path.read_bytes() if self.path.is_file() else b""
        except OSError as error:
            raise DeliveryIncomplete(
                f"Reading the audit trail {self.path.name}: {error.strerror or 'it failed'}.",
                hint="Mend who may read it: it must be the user that runs r2b.",
            ) from error


class Page:
    """The trail while it is open to be added to; `entries` are all there are."""

    def __init__(self, file: BinaryIO, key: bytes | None, entries: list[AuditEntry]) -> None:
        """`file` is open for appending, unbuffered."""
        self._file = file
        self._key = key
        self.entries = entries

    def add(self, deed: Deed) -> AuditEntry:
        """Write a deed down; it is on disk once this returns."""
        entry = sealed(deed, self.entries[-1] if self.entries else None, self._key)
        line = line_of(entry)
        if self._file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._file.fileno())
        self.entries.append(entry)
        return entry


def _need_key(entries: Sequence[AuditEntry], key: bytes | None) -> None:
    if key is None and entries and entries[-1].is_keyed:
        raise ProfileWrong(
            "Writing the audit trail: it is sealed with a key, and none is given here.",
            hint="Set the variable that audit.key_env names, or audit.key_secret. Nothing was "
            "done.",
        )


def _refuse(fault: AuditFault | None) -> None:
    if fault is not None:
        raise DeliveryIncomplete(
            f"Checking the audit trail: entry {fault.number} {fault.words}.",
            hint="Find out who wrote into it, and restore it from a backup; nobody acts until "
            "then. `r2b audit --verify` checks it again.",
        )
