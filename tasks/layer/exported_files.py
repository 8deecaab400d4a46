"""Exports that lie somewhere as files: one CSV or Parquet per feed, a manifest if there is one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from schemas.errors import SourceContractBroken, about_feed
from schemas.feeds import FEEDS
from schemas.json_text import read_json
from schemas.receipts import FeedTable
from tasks.layer.feed_table import open_feed_table
from tasks.layer.landing import LandedFile

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Landing:
    """The feeds of one delivery as landed files: schemas.receipts.LandedFeeds."""

    files: Mapping[str, LandedFile]
    rows_promised: Mapping[str, int]
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """The feeds that were delivered."""
        return frozenset(self.files)

    def sha256(self, feed: str) -> str:
        """Digest of the landed bytes."""
        return self.files[feed].sha256

    def path(self, feed: str) -> Path:
        """Where the landed bytes are."""
        return self.files[feed].path

    def table(self, feed: str, *, encoding: str) -> FeedTable:
        """Open one feed for reading."""
        return open_feed_table(self.files[feed], feed=feed, encoding=encoding)


class Shelf(Protocol):
    """Where files of an export lie."""

    def look(self) -> frozenset[str]:
        """The names of the files that are there now, folders left out.

        Raises:
            SourceUnavailable, SourceRefused: the place cannot be looked at.
        """
        ...

    def content(self, name: str) -> bytes:
        """A small file, whole; of those that were seen.

        Raises:
            SourceUnavailable, SourceRefused: it cannot be read.
        """
        ...

    def land(self, name: str, landed: Path) -> LandedFile:
        """Copy a file that was seen into `landed`, under its digest.

        Raises:
            SourceUnavailable, SourceRefused: it cannot be read, or changes meanwhile.
        """
        ...


class ExportedFiles:
    """Reads `<feed>.csv` or `<feed>.parquet` from a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        """`shelf` is where The Layer's exports are put."""
        self._shelf = shelf

    def land(self, landed: Path, *, need_all: bool) -> Landing:
        """Copy every feed file into `landed`, named by its digest, and check the manifest.

        Args:
            landed: where landed files are kept.
            need_all: whether a missing required feed stops the run (full mode).

        Raises:
            SourceUnavailable, SourceRefused: the shelf cannot be reached, or a file not read.
            SourceContractBroken: a required feed is missing, a feed is there twice, or a file is
                not the one its manifest names.
        """
        there = self._shelf.look()
        promises = self._promises(there)
        names = _named(there, need_all=need_all)
        for feed in promises:
            if feed not in FEEDS and _files(there, feed):
                continue  # a file of the export that is none of ours
            if feed not in names:
                raise SourceContractBroken(
                    f"Reading feeds: the manifest names {feed}, but there is no such file.",
                    hint="The export is not whole: fetch it again.",
                    feed=feed,
                )
        files = {}
        for feed, name in names.items():
            with about_feed(feed):
                files[feed] = self._shelf.land(name, landed)
        for feed, file in files.items():
            # some programs write digests in capitals
            if promises.get(feed, {}).get("sha256", file.sha256).lower() != file.sha256:
                raise SourceContractBroken(
                    f"Reading feed {feed}: the file is not the one its manifest describes "
                    "(sha256 differs).",
                    hint="The export was altered or cut short: fetch it again.",
                    feed=feed,
                )
        rows = {
            feed: promise["rows"]
            for feed, promise in promises.items()
            if feed in files and "rows" in promise
        }
        return Landing(files=files, rows_promised=rows)

    def _promises(self, there: frozenset[str]) -> dict[str, dict[str, Any]]:
        if MANIFEST not in there:
            return {}
        try:
            content = read_json(self._shelf.content(MANIFEST))
        except ValueError as error:
            raise SourceContractBroken(
                f"Reading feeds: {MANIFEST} is not JSON.", hint="Fetch the export again."
            ) from error
        if not isinstance(content, dict):
            content = {"everything": content}
        for feed, promise in content.items():
            if not isinstance(promise, dict) or not _is_promise(promise):
                raise SourceContractBroken(
                    f"Reading feed {feed}: {MANIFEST} does not say its rows and sha256 as it must.",
                    hint='It must look like {"orders": {"rows": 3, "sha256": "..."}}.',
                )
        return content


def _files(there: frozenset[str], feed: str) -> list[str]:
    """The files of a feed: one, or none; two are one too many."""
    return [name for suffix in ("csv", "parquet") if (name := f"{feed}.{suffix}") in there]


def _named(there: frozenset[str], *, need_all: bool) -> dict[str, str]:
    """Feed -> the name of its file."""
    names: dict[str, str] = {}
    for name, feed in FEEDS.items():
        found = _files(there, name)
        if len(found) > 1:
            raise SourceContractBroken(
                f"Reading feed {name}: both {found[0]} and {found[1]} are there.",
                hint="Keep one of them.",
                feed=name,
            )
        if found:
            names[name] = found[0]
        elif feed.required and need_all:
            raise SourceContractBroken(
                f"Reading feeds: required feed {name} is missing.",
                hint=f"Put {name}.csv or {name}.parquet where the other feeds are.",
                feed=name,
            )
    return names


def _is_promise(promise: Mapping[str, Any]) -> bool:
    rows, sha256 = promise.get("rows", 0), promise.get("sha256", "")
    return isinstance(rows, int) and not isinstance(rows, bool) and isinstance(sha256, str)
