"""The Layer's exports in a folder: one CSV or Parquet per feed, a manifest if there is one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.errors import SourceContractBroken, SourceUnavailable, about_feed
from schemas.feeds import FEEDS
from schemas.json_text import read_json
from schemas.receipts import FeedTable
from tasks.layer.feed_table import open_feed_table
from tasks.layer.landing import LandedFile, land

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


class FolderSource:
    """Reads `<feed>.csv` or `<feed>.parquet` from one folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` is where The Layer's exports are put."""
        self._folder = folder

    def land(self, landed: Path, *, need_all: bool) -> Landing:
        """Copy every feed file into `landed`, named by its digest, and check the manifest.

        Args:
            landed: where landed files are kept.
            need_all: whether a missing required feed stops the run (full mode).

        Raises:
            SourceUnavailable: the folder is not there.
            SourceContractBroken: a required feed is missing, a feed is there twice, or a file is
                not the one its manifest names.
        """
        if not self._folder.is_dir():
            raise SourceUnavailable(
                f"Reading feeds: the folder {self._folder.name} is not there.",
                hint="Run in the folder of your r2b.toml, give it with --profile, or set "
                "its feeds.path.",
            )
        promises = self._promises()
        paths = self._paths(need_all=need_all)
        for feed in promises:
            if feed not in FEEDS and self._files(feed):
                continue  # a file of the export that is none of ours
            if feed not in paths:
                raise SourceContractBroken(
                    f"Reading feeds: the manifest names {feed}, but there is no such file.",
                    hint="The export is not whole: fetch it again.",
                    feed=feed,
                )
        files = {}
        for feed, path in paths.items():
            with about_feed(feed):
                files[feed] = land(path, landed)
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

    def _files(self, name: str) -> list[Path]:
        """The files of a feed: one, or none; two are one too many."""
        return [
            path
            for suffix in ("csv", "parquet")
            if (path := self._folder / f"{name}.{suffix}").is_file()
        ]

    def _paths(self, *, need_all: bool) -> dict[str, Path]:
        paths: dict[str, Path] = {}
        for name, feed in FEEDS.items():
            found = self._files(name)
            if len(found) > 1:
                raise SourceContractBroken(
                    f"Reading feed {name}: both {found[0].name} and {found[1].name} are there.",
                    hint="Keep one of them.",
                    feed=name,
                )
            if found:
                paths[name] = found[0]
            elif feed.required and need_all:
                raise SourceContractBroken(
                    f"Reading feeds: required feed {name} is missing.",
                    hint=f"Put {name}.csv or {name}.parquet into the feeds folder.",
                    feed=name,
                )
        return paths

    def _promises(self) -> dict[str, dict[str, Any]]:
        path = self._folder / MANIFEST
        if not path.is_file():
            return {}
        try:
            content = read_json(path.read_bytes())
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


def _is_promise(promise: Mapping[str, Any]) -> bool:
    rows, sha256 = promise.get("rows", 0), promise.get("sha256", "")
    return isinstance(rows, int) and not isinstance(rows, bool) and isinstance(sha256, str)
