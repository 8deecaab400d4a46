"""Affinity's drop in a bucket: the same four places as a drop folder, as folders of one.

An object appears whole or not at all, and the store itself refuses a name that is taken.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from posixpath import join

from tasks.affinity.folder import first_line
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
from tasks.objects import AlreadyThere, NotThere, Objects, StoreDown, StoreRefused


@dataclass(frozen=True)
class DropPlaces:
    """The four folders of a drop. `archive` None: what is taken leaves no trace."""

    inbox: str
    archive: str | None
    error: str
    results: str


class StoreDelivery:
    """Carries files into a bucket, each in one request."""

    mode = "s3"

    def __init__(self, objects: Objects, places: DropPlaces) -> None:
        """`places` is where in `objects` Affinity's loader looks and leaves its answers."""
        self._objects = objects
        self._places = places

    def look(self, remote_name: str) -> Sight:
        """Where the file is; see `Delivery.look`."""
        places = self._places
        if places.archive is None:
            raise CannotAsk
        with _reachable():
            for folder, seen in on_its_way(places.inbox, places.archive, places.error):
                digest = self._sha256(join(folder, remote_name))
                if digest is not None:
                    words = b""
                    if seen is Seen.REFUSED:
                        words = self._objects.content(join(folder, f"{remote_name}.txt")) or b""
                    return Sight(seen, digest, first_line(words))
        return Sight(Seen.ABSENT)

    def send(self, file: Outgoing) -> Sight | None:
        """Put the file under its name, never over anything; held in memory meanwhile."""
        with checked(file) as source:
            content = source.read()
        with _reachable():
            try:
                self._objects.put(join(self._places.inbox, file.remote_name), content)
            except AlreadyThere as error:
                raise NameTaken from error
        return None

    def results(self, remote_name: str) -> bytes | None:
        """The answer the loader left; see `Delivery.results`."""
        with _reachable():
            return self._objects.content(join(self._places.results, results_name(remote_name)))

    def _sha256(self, name: str) -> str | None:
        digest = hashlib.sha256()
        try:
            for block in self._objects.blocks(name):
                digest.update(block)
        except NotThere:
            return None
        return digest.hexdigest()


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except StoreDown as error:
        raise LinkDown(error.words) from error
    except StoreRefused as error:
        raise Declined(error.words) from error
