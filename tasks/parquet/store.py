"""Parquet files in an object store."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tasks.objects import AlreadyThere, Changed, NotThere, Objects, StoreDown, StoreRefused
from tasks.parquet.port import POINTER, PlaceFailed, Stock
from tasks.web import Patience, patiently

T = TypeVar("T")


class StorePlace:
    """Keeps files as objects. The one place that asks the store a second time."""

    def __init__(self, objects: Objects, patience: Patience) -> None:
        """`patience` is how often one thing is asked, and how long is waited in between."""
        self._objects = objects
        self._patience = patience

    def look(self) -> Stock:
        """What is there; the pointer is of the version that was listed."""
        there = self._ask(self._objects.beneath)
        files = {name: each.bytes for name, each in there.items() if "/" in name}
        listed = there.get(POINTER)
        if listed is None:
            return Stock(files, None)
        pointer = self._ask(lambda: b"".join(self._objects.blocks(POINTER, version=listed.version)))
        return Stock(files, pointer, listed.version)

    def bring(self, name: str, file: Path, *, replacing: bool) -> None:
        """Send it in one request that overwrites nothing; a big one in parts.

        Where an answer was lost the name is taken, by the same bytes: it says which they are.
        """
        try:
            self._ask(lambda: self._objects.put_file(name, file, replacing=replacing))
        except AlreadyThere:
            return

    def point(self, content: bytes, seen: Stock) -> None:
        """One request, which the store takes only while the pointer is the one that was seen.

        So a request of a process that was given up long ago, late on the line, moves nothing back.
        """
        replacing = seen.version or seen.pointer is not None
        try:
            self._ask(lambda: self._objects.put(POINTER, content, replacing=replacing))
        except (AlreadyThere, Changed) as error:
            # an earlier try of ours, whose answer was lost, or somebody else
            if self._ask(lambda: self._objects.content(POINTER)) != content:
                raise PlaceFailed(
                    f"another program has replaced {POINTER} at the same time"
                ) from error

    def remove(self, name: str) -> None:
        """Remove it."""
        self._ask(lambda: self._objects.delete(name))

    def _ask(self, question: Callable[[], T]) -> T:
        try:
            return patiently(self._patience)(StoreDown, question)
        except (StoreDown, StoreRefused) as error:
            raise PlaceFailed(error.words) from error
        except NotThere as error:
            raise PlaceFailed("what was just listed is not there any more") from error
