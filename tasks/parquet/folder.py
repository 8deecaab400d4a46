"""Parquet files in a folder of this machine, or of a share it can see."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tasks.parquet.port import POINTER, PlaceFailed, Stock
from warehouse.connection import sync_folder
from warehouse.published import make_folder

_ASIDE = ".part"


class FolderPlace:
    """Keeps files in folders by view; `for_group`: its group may read them."""

    def __init__(self, root: Path, *, for_group: bool) -> None:
        """`root` is made when the first file comes."""
        self._root = root
        self._for_group = for_group

    def look(self) -> Stock:
        """What is there; `point` overwrites whatever the pointer is."""
        with self._reachable():
            files = {
                f"{path.parent.name}/{path.name}": path.stat().st_size
                for path in self._root.glob("*/*")
                if path.is_file() and not path.name.endswith(_ASIDE)
            }
            pointer = self._root / POINTER
            return Stock(files, pointer.read_bytes() if pointer.exists() else None)

    def bring(self, name: str, file: Path, *, replacing: bool) -> None:  # noqa: ARG002  a rename does both
        """Write it beside, flush it, rename it."""
        with self._reachable(), file.open("rb") as source:
            make_folder(self._root, for_group=self._for_group)
            make_folder((self._root / name).parent, for_group=self._for_group)
            with self._written_aside(self._root / name) as out:
                shutil.copyfileobj(source, out)

    def point(self, content: bytes, seen: Stock) -> None:  # noqa: ARG002  whoever holds the tenant is alone
        """Write it beside, flush it, rename it over the old one; sweep what was never finished."""
        with self._reachable():
            make_folder(self._root, for_group=self._for_group)
            with self._written_aside(self._root / POINTER) as out:
                out.write(content)
            for left in self._root.glob(f"*/.*.parquet{_ASIDE}"):
                left.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Remove it, and its folder with the last of its files."""
        with self._reachable():
            path = self._root / name
            path.unlink(missing_ok=True)
            if path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()

    @contextmanager
    def _written_aside(self, path: Path) -> Iterator[IO[bytes]]:
        aside = path.with_name(f".{path.name}{_ASIDE}")
        try:
            with aside.open("wb") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            aside.chmod(0o440 if self._for_group else 0o400)
            aside.replace(path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)

    @staticmethod
    @contextmanager
    def _reachable() -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise PlaceFailed(f"the folder cannot be used ({error.strerror})") from error
