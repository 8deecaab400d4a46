"""What a place for Parquet files can do, and how it fails. No transport here."""

from pathlib import Path
from typing import NamedTuple, Protocol

POINTER = "latest.json"
"""What says which files are the newest state; the one name that is ever replaced."""


class PlaceFailed(Exception):
    """The place cannot be reached, does not let us, or is not ours."""

    def __init__(self, words: str, *, remedy: str = "") -> None:
        """`words` are safe to show; `remedy`: what helps, where waiting does not."""
        super().__init__(words)
        self.words = words
        self.remedy = remedy


class Stock(NamedTuple):
    """What is in a place.

    `files`: bytes by name, what does not lie in a folder left out. `pointer`: the bytes of the
    pointer, None where there is none; `version` names these very bytes.
    """

    files: dict[str, int]
    pointer: bytes | None
    version: str | None = None


class Place(Protocol):
    """Keeps files under names such as `charge/0f3a.parquet`, and the pointer."""

    def look(self) -> Stock:
        """What is there.

        Raises:
            PlaceFailed.
        """
        ...

    def bring(self, name: str, file: Path, *, replacing: bool) -> None:
        """Keep the bytes of `file` as `name`, whole or not at all; twice is once.

        `replacing`: what is there under the name has other bytes.

        Raises:
            PlaceFailed.
        """
        ...

    def point(self, content: bytes, seen: Stock) -> None:
        """Put the pointer in the place of the one that was `seen`, whole or not at all.

        Raises:
            PlaceFailed: among others, somebody else has put another one there.
        """
        ...

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is removed already.

        Raises:
            PlaceFailed.
        """
        ...
