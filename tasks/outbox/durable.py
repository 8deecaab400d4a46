"""Written aside, flushed to disk, renamed into place, never over."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from schemas.errors import DeliveryIncomplete, IllegalTransition
from schemas.json_text import read_json
from warehouse.connection import file_sha256, sync_folder

MANIFEST = "manifest.json"
REMOVAL = "retention.json"


def write_durably(path: Path, content: bytes) -> None:
    """Make `path` hold `content`, whole or not at all, and survive a crash once this returns."""
    written_aside(path, lambda out: out.write(content))


def written_aside(path: Path, write: Callable[[IO[bytes]], int]) -> int:
    """Let `write` make what `path` holds, as `write_durably`; returns what it returns.

    What it left when it fails is removed.
    """
    aside = path.with_name(f".{path.name}.part")
    try:
        with aside.open("wb") as out:
            written = write(out)
            out.flush()
            os.fsync(out.fileno())
        aside.chmod(0o600)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return written


def as_json(content: Mapping[str, Any]) -> bytes:
    """Readable JSON, the same bytes for the same content."""
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def moment_text(moment: datetime) -> str:
    """A moment (UTC) as the outbox writes it."""
    return moment.isoformat(timespec="seconds") + "Z"


def moment_of(text: str) -> datetime:
    """The moment (UTC, without a zone) a text of the outbox means."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def aside_folder(final: Path) -> Path:
    """An empty folder beside `final` to write in; what an earlier try left there is swept."""
    final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = final.with_name(f".{final.name}.part")
    if aside.exists():
        shutil.rmtree(aside)
    aside.mkdir(mode=0o700)
    return aside


def publish_folder(aside: Path, final: Path) -> None:
    """Rename a finished folder into place; nothing is ever overwritten.

    Raises:
        IllegalTransition: something else is already there.
    """
    sync_folder(aside)
    if final.exists():
        raise IllegalTransition(
            f"Publishing batch {final.name}: the outbox already holds a folder of that number.",
            hint="Someone else writes into this outbox: find out who before you go on.",
        )
    aside.rename(final)
    sync_folder(final.parent)


def verify_files(folder: Path, manifest_sha256: str | None) -> dict[str, int]:
    """Check a batch folder against its manifest, byte by byte; returns rows by file.

    Raises:
        DeliveryIncomplete: the manifest or a file is missing or altered.
    """
    path = folder / MANIFEST
    if not path.is_file() or file_sha256(path) != manifest_sha256:
        raise DeliveryIncomplete(
            f"Checking batch {folder.name}: its manifest is missing or altered.",
            hint="Restore the folder as it was written; do not edit files in the outbox.",
        )
    if (folder / REMOVAL).is_file():
        raise DeliveryIncomplete(
            f"Checking batch {folder.name}: its files were removed, for they had been kept long "
            "enough.",
            hint=f"{REMOVAL} in its folder says when and by whom. Nothing was changed.",
        )
    rows = {}
    for entry in read_json(path.read_bytes())["files"]:
        file = folder / entry["name"]
        if not file.is_file() or file_sha256(file) != entry["sha256"]:
            raise DeliveryIncomplete(
                f"Checking batch {folder.name}: {entry['name']} is missing or altered.",
                hint="Restore the file as it was written; do not edit files in the outbox.",
            )
        rows[entry["name"]] = entry["rows"]
    return rows


def listed_files(folder: Path) -> list[tuple[str, str]]:
    """Name and digest of every file the manifest of a verified batch folder lists."""
    entries = read_json((folder / MANIFEST).read_bytes())["files"]
    return [(entry["name"], entry["sha256"]) for entry in entries]
