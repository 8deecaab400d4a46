"""The audit trail as a file: appended line by line, flushed to disk before what it tells begins."""

import errno
import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from schemas.audit import AuditEntry, AuditFault, AuditHead, AuditReport, Deed, RestoredTrail
from schemas.errors import DeliveryIncomplete, IllegalTransition, ProfileWrong
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
        whole = whole_lines(content)
        fault = first_fault(whole, self.keys, heads)
        entries = [] if fault else entries_of(whole)
        keyed = sum(entry.is_keyed for entry in entries)
        return AuditReport(
            entries=whole.count(b"\n"),
            fault=fault,
            unkeyed=len(entries) - keyed,
            unchecked=0 if self.keys else keyed,
            heads=len({head.known_to for head in heads}),
            is_cut_off=len(whole) < len(content),
        )

    @contextmanager
    def open_to_add(self, heads: Sequence[AuditHead] = ()) -> Iterator["Page"]:
        """Be the only one that adds to the trail until the block ends; it is whole when it begins.

        Raises:
            DeliveryIncomplete: it is not whole, or cannot be written.
            ProfileWrong: it is sealed with a key, and none is given.
        """
        with self._alone() as (file, content):
            whole = whole_lines(content)
            _refuse(first_fault(whole, self.keys, heads))
            page = self._page(file, entries_of(whole))
            if len(whole) < len(content):
                file.truncate(len(whole))
            yield page

    def restore(
        self, known: Sequence[AuditEntry], heads: Sequence[AuditHead], deed: Deed
    ) -> RestoredTrail:
        """Write down again what the trail lacks of `known`, oldest first, and then `deed` of them.

        What is there must be how `known` begins. A death on the way leaves more of it: do it again.

        Raises:
            DeliveryIncomplete: it says something else, `known` is not whole or lacks what `heads`
                know, or it cannot be written.
            IllegalTransition: it lacks nothing.
            ProfileWrong: it is sealed with a key, and none is given.
        """
        lines = [line_of(entry) for entry in known]
        with self._alone() as (file, content):
            whole = whole_lines(content)
            there = whole.splitlines(keepends=True)
            for number, (line, told) in enumerate(zip(there, lines, strict=False), start=1):
                if line != told:
                    raise _told_otherwise(number)
            if len(there) >= len(lines):
                raise IllegalTransition(
                    "Restoring the audit trail: it has every entry that the warehouse knows.",
                    hint="`r2b audit --verify` says whether it is as it was written.",
                )
            fault = first_fault(b"".join(lines), self.keys, heads)
            if fault is not None:
                raise DeliveryIncomplete(
                    f"Restoring the audit trail from the warehouse: entry {fault.number} "
                    f"{fault.words}.",
                    hint="The warehouse cannot give it back: restore the file from a backup.",
                )
            page = self._page(file, list(known))
            file.truncate(len(whole))
            page.write(b"".join(lines[len(there) :]))
            subject = f"entries {len(there) + 1} to {len(lines)}"
            return RestoredTrail(
                len(lines) - len(there), page.add(replace(deed, subject=subject)).number
            )

    def _page(self, file: BinaryIO, entries: list[AuditEntry]) -> "Page":
        key = self.keys[0] if self.keys else None
        _need_key(entries, key)
        return Page(file, key, entries)

    @contextmanager
    def _alone(self) -> Iterator[tuple[BinaryIO, bytes]]:
        """The file, open to be added to by nobody else, and what is in it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            is_new = not self.path.exists()
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "r+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if is_new:
                    sync_folder(self.path.parent)
                yield file, file.read()
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
        self.write(line_of(entry))
        self.entries.append(entry)
        return entry

    def write(self, lines: bytes) -> None:
        """Write whole lines; they are on disk once this returns."""
        if self._file.write(lines) != len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._file.fileno())


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
            "then. `r2b audit --restore` gives back what was only cut off or lost, and `r2b audit "
            "--verify` checks it again.",
        )


def _told_otherwise(number: int) -> DeliveryIncomplete:
    return DeliveryIncomplete(
        f"Restoring the audit trail: its entry {number} is not the one that the warehouse knows.",
        hint="Find out who wrote into the file, and keep it for whoever looks into it. Once it is "
        "moved away, all entries are given back.",
    )
