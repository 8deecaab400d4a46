"""A drop folder: we put files into the inbox; a loader moves them to archive or error.

A file that is in neither of the three never arrived: that holds because the loader archives what it
takes, and is why a folder without an archive cannot be asked.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.affinity.port import (
    CannotAsk,
    Declined,
    LinkDown,
    NameTaken,
    Outgoing,
    Seen,
    Sight,
    checked,
    on_its_way,
    results_name,
)
from warehouse.connection import file_sha256, sync_folder

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class DropFolders:
    """The four places of a drop. `archive` None: what is taken leaves no trace."""

    inbox: Path
    archive: Path | None
    error: Path
    results: Path


class FolderDelivery:
    """Carries files into a folder this machine can see."""

    mode = "folder"

    def __init__(self, drop: DropFolders) -> None:
        """`drop` is where Affinity's loader looks and leaves its answers."""
        self._drop = drop

    def look(self, remote_name: str) -> Sight:
        """Where the file is; see `Delivery.look`."""
        archive = self._drop.archive
        if archive is None:
            raise CannotAsk
        with self._reachable():
            for place, seen in on_its_way(self._drop.inbox, archive, self._drop.error):
                with contextlib.suppress(FileNotFoundError):
                    digest = file_sha256(place / remote_name)
                    return Sight(seen, digest, self._words(remote_name, seen))
        for place in (self._drop.inbox, archive, self._drop.error):
            # of a share that is not mounted nothing can be said
            if not place.is_dir():
                raise LinkDown(f"there is no folder {place.name} in the drop")
        return Sight(Seen.ABSENT)

    def send(self, file: Outgoing) -> Sight | None:
        """Write the file beside, flush it, link it to its name; see `Delivery.send`."""
        final = self._drop.inbox / file.remote_name
        aside = self._drop.inbox / f".{file.remote_name}.part"
        with self._reachable():
            if not self._drop.inbox.is_dir():
                raise Declined(f"there is no folder {self._drop.inbox.name}")
            with checked(file) as source, aside.open("wb") as out:
                while block := source.read(_BLOCK_BYTES):
                    out.write(block)
                out.flush()
                os.fsync(out.fileno())
            try:
                # a rename would overwrite
                final.hardlink_to(aside)
            except FileExistsError as error:
                raise NameTaken from error
            finally:
                aside.unlink(missing_ok=True)
        try:
            sync_folder(self._drop.inbox)
        except OSError as error:
            raise LinkDown(f"the drop folder cannot be used ({error.strerror})") from error
        return None

    def results(self, remote_name: str) -> bytes | None:
        """The answer the loader left; see `Delivery.results`."""
        with self._reachable():
            path = self._drop.results / results_name(remote_name)
            return path.read_bytes() if path.is_file() else None

    def _words(self, remote_name: str, seen: Seen) -> str:
        path = self._drop.error / f"{remote_name}.txt"
        if seen is not Seen.REFUSED or not path.is_file():
            return ""
        return first_line(path.read_bytes())

    @staticmethod
    @contextlib.contextmanager
    def _reachable() -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise Declined("we may not use the drop folder") from error
        except OSError as error:
            raise LinkDown(f"the drop folder cannot be used ({error.strerror})") from error


LONGEST_WORDS = 200


def first_line(content: bytes) -> str:
    """The first line of what the other side wrote, short enough to show."""
    text = content.decode("utf-8", "replace").strip()
    return "".join(c for c in text.partition("\n")[0] if c.isprintable())[:LONGEST_WORDS]
