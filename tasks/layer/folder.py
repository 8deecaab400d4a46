"""The Layer's exports in a folder that this machine can see."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import SourceRefused, SourceUnavailable
from tasks.layer.landing import LandedFile, land


class FolderShelf:
    """The files of one folder: tasks.layer.exported_files.Shelf."""

    def __init__(self, folder: Path) -> None:
        """`folder` is where The Layer's exports are put."""
        self._folder = folder

    def look(self) -> frozenset[str]:
        """What is in the folder; see `Shelf.look`."""
        if not self._folder.is_dir():
            raise SourceUnavailable(
                f"Reading feeds: the folder {self._folder.name} is not there.",
                hint="Run in the folder of your r2b.toml, give it with --profile, or set "
                "its feeds.path.",
            )
        with _readable(self._folder.name):
            return frozenset(path.name for path in self._folder.iterdir() if path.is_file())

    def content(self, name: str) -> bytes:
        """A small file, whole; see `Shelf.content`."""
        with _readable(name):
            return (self._folder / name).read_bytes()

    def land(self, name: str, landed: Path) -> LandedFile:
        """Copy a file into `landed`; see `Shelf.land`."""
        return land(self._folder / name, landed)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise SourceRefused(
            f"Reading feeds: we may not read {name}.",
            hint="Let the user that runs r2b read the feed folder.",
        ) from error
    except OSError as error:
        raise SourceUnavailable(
            f"Reading feeds: {name} cannot be read ({error.strerror}).",
            hint="Check the feed folder, then run again.",
        ) from error
