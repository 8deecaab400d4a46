"""The batch folder's own record of what retention removed from it: `retention.json`.

Written durably before the first file goes, so that whoever comes next knows that nobody lost it.
The manifest and the journals stay: what was in the files is still known by digest.
"""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.errors import DeliveryIncomplete
from schemas.json_text import read_json
from schemas.receipts import Removed
from tasks.outbox.delivery_journal import read_delivery, write_delivery
from tasks.outbox.durable import REMOVAL, as_json, moment_text, write_durably
from warehouse.connection import file_sha256, sync_folder


def removable(folder: Path) -> list[Path]:
    """The files of a batch that retention removes: every CSV, by name."""
    return sorted(each for each in folder.rglob("*.csv") if each.is_file())


def size_of_all(files: list[Path]) -> Removed:
    """How many files, and their size."""
    return Removed(len(files), sum(each.stat().st_size for each in files))


def were_removed(folder: Path) -> bool:
    """Whether retention has removed files of the batch in `folder`, or has begun to."""
    return (folder / REMOVAL).is_file()


def remove_files(folder: Path, *, actor: str, moment: datetime) -> None:
    """Remove the CSV files of a batch, and Affinity's words from its journal; again is the same."""
    files = removable(folder)
    if files:
        entries = [
            {
                "name": each.relative_to(folder).as_posix(),
                "bytes": each.stat().st_size,
                "sha256": file_sha256(each),
                "by": actor,
                "at": moment_text(moment),
            }
            for each in files
        ]
        write_durably(folder / REMOVAL, as_json({"removed": _merged(recorded(folder), entries)}))
    for each in files:
        each.unlink()
    _blank_words(folder)
    for inside in {each.parent for each in files} - {folder}:
        if not any(inside.iterdir()):
            inside.rmdir()
    if files:
        sync_folder(folder)


def recorded(folder: Path) -> list[dict[str, Any]]:
    """What retention removed from a batch folder: `name`, `bytes`, `sha256`, `by`, `at` each.

    Raises:
        DeliveryIncomplete: the record is there but damaged.
    """
    path = folder / REMOVAL
    if not path.is_file():
        return []
    try:
        entries: list[dict[str, Any]] = read_json(path.read_bytes())["removed"]
        is_whole = all(_NAMES <= each.keys() and isinstance(each["name"], str) for each in entries)
    except (ValueError, KeyError, TypeError, AttributeError):
        is_whole = False
    if not is_whole:
        raise DeliveryIncomplete(
            f"Reading what was removed from batch {folder.name}: {REMOVAL} is damaged.",
            hint="Restore it from a backup.",
        )
    return entries


_NAMES = {"name", "bytes", "sha256", "by", "at"}


def _merged(before: list[dict[str, Any]], entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was recorded, and what is new; one cut off before its file went is not said twice."""
    known = {(each["name"], each["sha256"]) for each in before}
    return [*before, *(each for each in entries if (each["name"], each["sha256"]) not in known)]


def _blank_words(folder: Path) -> None:
    journal = read_delivery(folder)
    if journal is not None and any(each.words for each in journal.files):
        files = tuple(replace(each, words="") for each in journal.files)
        write_delivery(folder, replace(journal, files=files))
