"""The Layer's exports in a bucket: each is one object, of one version from its first byte on."""

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TypeVar

from schemas.errors import SourceRefused, SourceUnavailable
from tasks.layer.landing import LandedFile, keep
from tasks.objects import Changed, Listed, NotThere, Objects, StoreDown, StoreRefused
from tasks.web import Patience, patiently

T = TypeVar("T")


class StoreShelf:
    """The objects directly in one folder of a bucket: tasks.layer.exported_files.Shelf."""

    def __init__(self, objects: Objects, patience: Patience) -> None:
        """`objects` is where The Layer's exports are put."""
        self._objects = objects
        self._patience = patience
        self._listed: dict[str, Listed] = {}

    def look(self) -> frozenset[str]:
        """What is in the folder; see `Shelf.look`. An empty one is as good as one that is not."""
        self._listed = self._asked("Reading feeds", self._objects.listed)
        if not self._listed:
            raise SourceUnavailable(
                "Reading feeds: there is nothing in the folder of the bucket.",
                hint="Put the exports there, or correct feeds.s3.url.",
            )
        return frozenset(self._listed)

    def content(self, name: str) -> bytes:
        """A small object, whole; see `Shelf.content`."""
        return self._asked(f"Reading {name}", lambda: b"".join(self._blocks(name)))

    def land(self, name: str, landed: Path) -> LandedFile:
        """Copy an object into `landed`; see `Shelf.land`."""
        suffix = PurePosixPath(name).suffix
        return self._asked(f"Landing {name}", lambda: keep(self._blocks(name), suffix, landed))

    def _blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of the very object that was listed."""
        try:
            yield from self._objects.blocks(name, version=self._listed[name].version)
        except (Changed, NotThere) as error:
            raise SourceUnavailable(
                f"Landing {name}: the object was replaced or removed while it was being read.",
                hint="Run again once its export has finished.",
            ) from error

    def _asked(self, doing: str, question: Callable[[], T]) -> T:
        """Ask until an answer comes, as often as our patience lasts."""
        try:
            return patiently(self._patience)(StoreDown, question)
        except StoreDown as error:
            raise SourceUnavailable(
                f"{doing}: {error.words}.", hint="Run again later; feeds.s3 says where it is."
            ) from error
        except StoreRefused as error:
            raise SourceRefused(
                f"{doing}: {error.words}.",
                hint="Check feeds.s3 in the profile: its url, endpoint, region and keys.",
            ) from error
