"""The outbox as it is found: every batch folder with what lies in it. Only read, never mended."""

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.errors import DeliveryIncomplete
from schemas.json_text import read_json
from tasks.outbox.delivery_journal import read_delivery
from tasks.outbox.durable import MANIFEST
from tasks.outbox.removal import recorded
from tasks.outbox.transfer_journal import read_journal
from warehouse.connection import file_sha256

_SEQ_DIGITS = 6


@dataclass(frozen=True)
class FoundFile:
    """A file of a batch as it is on disk; `records` counts all of a CSV's, None: it is none."""

    bytes: int
    sha256: str
    records: int | None


@dataclass(frozen=True)
class BatchFolder:
    """One batch folder. Grain: one per seq.

    `manifest`: what it says, None where it is missing or not readable; `files`: all others, by
    their names below the folder, without what an interrupted write left; `decisions`: those of its
    journal, None where that is damaged; `removed`: the digests of what retention removed, by
    name, None where its record is damaged.
    """

    seq: int
    manifest_sha256: str | None
    manifest: Mapping[str, Any] | None
    files: Mapping[str, FoundFile]
    decisions: Sequence[Mapping[str, Any]] | None
    delivery_is_readable: bool
    removed: Mapping[str, str] | None = field(default_factory=dict)


def batch_folders(outbox: Path) -> dict[int, Path]:
    """The batch folders of an outbox, by number."""
    if not outbox.is_dir():
        return {}
    return {int(entry.name): entry for entry in sorted(outbox.iterdir()) if _is_batch_folder(entry)}


def strangers(outbox: Path) -> list[str]:
    """What lies in an outbox beside batch folders and what is being written."""
    if not outbox.is_dir():
        return []
    return sorted(
        entry.name
        for entry in outbox.iterdir()
        if not _is_batch_folder(entry) and not _is_unfinished(entry)
    )


def read_folder(seq: int, folder: Path) -> BatchFolder:
    """All that lies in a batch folder, read to the last byte."""
    sealed = folder / MANIFEST
    return BatchFolder(
        seq=seq,
        manifest_sha256=file_sha256(sealed) if sealed.is_file() else None,
        manifest=_manifest(sealed),
        files={
            path.relative_to(folder).as_posix(): _found(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path != sealed and not _is_unfinished(path)
        },
        decisions=_decisions(folder),
        delivery_is_readable=_is_readable(folder),
        removed=_removed(folder),
    )


def _is_batch_folder(entry: Path) -> bool:
    return entry.is_dir() and entry.name.isdigit() and len(entry.name) == _SEQ_DIGITS


def _is_unfinished(entry: Path) -> bool:
    return entry.name.startswith(".") and entry.name.endswith(".part")


def _manifest(path: Path) -> Mapping[str, Any] | None:
    """The manifest's content where it has the shape of one."""
    if not path.is_file():
        return None
    try:
        content: dict[str, Any] = read_json(path.read_bytes())
        is_one = isinstance(content["seq"], int) and "previous_manifest_sha256" in content
        for each in content["files"]:
            is_one &= isinstance(each["name"], str) and {"rows", "bytes", "sha256"} <= each.keys()
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return content if is_one else None


def _found(path: Path) -> FoundFile:
    records = _records(path) if path.suffix == ".csv" else None
    return FoundFile(path.stat().st_size, file_sha256(path), records)


def _records(path: Path) -> int | None:
    """How many records a CSV has, counted by a reader that had no part in writing it."""
    # every byte is a letter in latin-1, and the marks of CSV are the same in all our encodings
    with path.open(encoding="latin-1", newline="") as text, _fields_of_any_length():
        try:
            return sum(1 for _ in csv.reader(text, strict=True))
        except csv.Error:
            return None


@contextmanager
def _fields_of_any_length() -> Iterator[None]:
    """The csv module takes 131,072 characters for the longest field; a name may have more."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _removed(folder: Path) -> Mapping[str, str] | None:
    try:
        return {each["name"]: each["sha256"] for each in recorded(folder)}
    except DeliveryIncomplete:
        return None


def _decisions(folder: Path) -> Sequence[Mapping[str, Any]] | None:
    try:
        return read_journal(folder)
    except DeliveryIncomplete:
        return None


def _is_readable(folder: Path) -> bool:
    try:
        read_delivery(folder)
    except DeliveryIncomplete:
        return False
    return True
