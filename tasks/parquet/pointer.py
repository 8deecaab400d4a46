"""What `latest.json` says: which file of each view is the newest state. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from schemas.json_text import read_json

_FORMAT = 1
_FILE_OF_OURS = re.compile(r"[a-z0-9_]+/[0-9a-f]{64}\.parquet")


class NotOurs(Exception):
    """It is no pointer of ours."""


@dataclass(frozen=True)
class ViewFile:
    """The file of a view. `made_of`: digest of what decides its bytes, to know it unread."""

    file: str
    rows: int
    sha256: str
    bytes: int
    made_of: str


@dataclass(frozen=True)
class Pointer:
    """A whole state. `copy` is the digest of the published copy it was read from.

    `as_of` and `run_id` are of the last run it knows, `published_at` in UTC. `personal`: it may
    name customers; `retention`: the entry of the audit trail of the last retention it has heeded.
    """

    tenant: str
    as_of: str
    run_id: str
    published_at: str
    copy: str
    personal: bool
    retention: int | None
    views: Mapping[str, ViewFile]

    @property
    def files(self) -> set[str]:
        """Every file it names."""
        return {view.file for view in self.views.values()}


def file_name(view: str, sha256: str) -> str:
    """What the file of a view with these bytes is called."""
    return f"{view}/{sha256}.parquet"


def as_text(pointer: Pointer) -> bytes:
    """The pointer as JSON, the same bytes for the same content."""
    content = {"format": _FORMAT, **asdict(pointer)}
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def read_pointer(text: bytes) -> Pointer:
    """The pointer that a text is.

    Raises:
        NotOurs: it is none.
    """
    try:
        content: dict[str, Any] = dict(read_json(text))
        if content.pop("format") != _FORMAT:
            raise NotOurs
        views = {name: ViewFile(**view) for name, view in content.pop("views").items()}
        return Pointer(**content, views=views)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotOurs from error


def no_longer_named(there: set[str], now: Pointer, before: Pointer | None) -> set[str]:
    """Which of the files that are `there` nobody can come to any more.

    Who has read the pointer before this one may still be on the way to its files. They go at once
    where they may hold what must not be kept: before a retention, or names that are to be no more.
    """
    needed = set(now.files)
    if before is not None and not _is_to_be_forgotten(before, now):
        needed |= before.files
    return {name for name in there if _FILE_OF_OURS.fullmatch(name)} - needed


def _is_to_be_forgotten(before: Pointer, now: Pointer) -> bool:
    return before.retention != now.retention or (before.personal and not now.personal)
