"""The batch folder's own record of how its files left: `delivery.json`.

Written durably before the first byte of a file leaves and after each receipt, so that whoever comes
next knows what may have arrived. It only says what we did and saw; what Affinity made of the rows
is in `transfer.json`.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from schemas.errors import DeliveryIncomplete
from schemas.json_text import read_json
from schemas.vocabulary import FileState
from tasks.outbox.durable import MANIFEST, as_json, write_durably

DELIVERY_JOURNAL = "delivery.json"


@dataclass(frozen=True)
class FileDelivery:
    """One file on its way: its name here and there, its digest, where it stands and why."""

    name: str
    remote_name: str
    sha256: str
    bytes: int
    rows: int
    state: FileState = FileState.PENDING
    attempts: int = 0
    words: str = ""
    sent_at: str | None = None
    receipted_at: str | None = None

    @property
    def has_left(self) -> bool:
        """Whether any of it may be on the other side."""
        return self.state not in {FileState.PENDING, FileState.REFUSED}


@dataclass(frozen=True)
class DeliveryJournal:
    """How the files of one batch leave, in load order.

    `doubt` says why only a person may decide; blank = no doubt. `decisions` are what people said.
    """

    mode: str
    files: tuple[FileDelivery, ...]
    doubt: str = ""
    decisions: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)

    @property
    def is_whole(self) -> bool:
        """Whether every file has its receipt."""
        return all(each.state is FileState.RECEIPTED for each in self.files)

    @property
    def has_begun(self) -> bool:
        """Whether any file may be on the other side."""
        return any(each.has_left for each in self.files)

    def changed(self, name: str, **values: Any) -> "DeliveryJournal":
        """The journal with one file changed."""
        files = tuple(replace(each, **values) if each.name == name else each for each in self.files)
        return replace(self, files=files)


def new_journal(folder: Path, mode: str, remote_name: Callable[[str], str]) -> DeliveryJournal:
    """A journal in which nothing has left yet, from the manifest of `folder`."""
    entries = read_json((folder / MANIFEST).read_bytes())["files"]
    return DeliveryJournal(
        mode=mode,
        files=tuple(
            FileDelivery(
                name=entry["name"],
                remote_name=remote_name(entry["name"]),
                sha256=entry["sha256"],
                bytes=entry["bytes"],
                rows=entry["rows"],
            )
            for entry in entries
        ),
    )


def read_delivery(folder: Path) -> DeliveryJournal | None:
    """How the batch in `folder` left so far; None when nobody began.

    Raises:
        DeliveryIncomplete: the journal is there but damaged.
    """
    path = folder / DELIVERY_JOURNAL
    if not path.is_file():
        return None
    try:
        content = read_json(path.read_bytes())
        files = tuple(
            FileDelivery(**{**entry, "state": FileState(entry["state"])})
            for entry in content["files"]
        )
        return DeliveryJournal(
            content["mode"], files, content["doubt"], tuple(content["decisions"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DeliveryIncomplete(
            f"Reading how batch {folder.name} left: {DELIVERY_JOURNAL} is damaged.",
            hint="Restore it from a backup; nothing of the batch is sent until then.",
        ) from error


def write_delivery(folder: Path, journal: DeliveryJournal) -> DeliveryJournal:
    """Make the journal durable; returns it."""
    content = {
        "mode": journal.mode,
        "doubt": journal.doubt,
        "files": [asdict(each) for each in journal.files],
        "decisions": list(journal.decisions),
    }
    write_durably(folder / DELIVERY_JOURNAL, as_json(content))
    return journal
