"""What every way to Affinity can do, and what can go wrong on it. No transport here.

A connector carries bytes and answers questions; when to send, when to ask and when to stop is
decided in `task.py`, once for all of them.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from schemas.errors import DeliveryIncomplete

T = TypeVar("T")


class Seen(StrEnum):
    """What the other side has under a name.

    `stored`: whole, but not taken yet. `taken`: it has it and answers for it.
    """

    ABSENT = "absent"
    STORED = "stored"
    TAKEN = "taken"
    REFUSED = "refused"


class Sight(NamedTuple):
    """An answer to "what have you under this name": the digest of its bytes, its words."""

    seen: Seen
    sha256: str | None = None
    words: str = ""


class Outgoing(NamedTuple):
    """A file to be sent: its name over there, where its bytes are, and what they must be."""

    remote_name: str
    path: Path
    sha256: str
    bytes: int


def on_its_way(inbox: T, archive: T, error: T) -> tuple[tuple[T, Seen], ...]:
    """Where to look for a file in a drop, and what it means to find it there.

    In the order a file moves, then the first place again: one that moves while we look is seen in
    one of them.
    """
    return (
        (inbox, Seen.STORED),
        (archive, Seen.TAKEN),
        (error, Seen.REFUSED),
        (inbox, Seen.STORED),
    )


class LinkDown(Exception):
    """No usable answer; whatever was under way may or may not have had its effect."""

    def __init__(self, words: str, *, retry_after: float | None = None) -> None:
        """`words` are safe to show; `retry_after` are the seconds the other side asked for."""
        super().__init__(words)
        self.words = words
        self.retry_after = retry_after


class Declined(Exception):
    """The other side said no and kept nothing; asking again as it is does not help."""

    def __init__(self, words: str) -> None:
        """`words` are safe to show."""
        super().__init__(words)
        self.words = words


class CannotAsk(Exception):
    """This way cannot tell what is on the other side."""


class NameTaken(Exception):
    """The other side has something under that name already and kept it."""


class Delivery(Protocol):
    """One way to Affinity."""

    @property
    def mode(self) -> str:
        """Its name in the profile: folder, sftp, http or s3."""
        ...

    def look(self, remote_name: str) -> Sight:
        """What is there under that name.

        Raises:
            LinkDown, Declined, CannotAsk.
        """
        ...

    def send(self, file: Outgoing) -> Sight | None:
        """Put the file there under its name, never over anything; its receipt if one came.

        Raises:
            LinkDown: it may or may not be there now.
            Declined: it is not there.
            NameTaken: something was there before.
            DeliveryIncomplete: our bytes are not those of the manifest; they did not arrive whole.
        """
        ...

    def results(self, remote_name: str) -> bytes | None:
        """The outcome of each row of that file as a result CSV; None = no answer yet.

        Raises:
            LinkDown, Declined.
        """
        ...


class CheckedReader(io.BufferedReader):
    """The bytes of a file as they leave: hashed on the way, and refused at their end if altered.

    The refusal comes before the end is told, so the other side cannot take what came for whole.
    """

    def __init__(self, path: Path, file: Outgoing) -> None:
        """Read `path`, which must hold what `file` says."""
        super().__init__(path.open("rb", buffering=0))
        self._file = file
        self._digest = hashlib.sha256()
        self._read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes.

        Raises:
            DeliveryIncomplete: these are not the bytes of the manifest.
        """
        block = super().read(size)
        self._digest.update(block)
        self._read += len(block)
        is_over = self._read >= self._file.bytes or not block
        if is_over and (
            self._read != self._file.bytes or self._digest.hexdigest() != self._file.sha256
        ):
            raise DeliveryIncomplete(
                f"Sending {self._file.remote_name}: the file changed since its batch was written.",
                hint="Restore the file as it was written; do not edit files in the outbox.",
            )
        return block


@contextmanager
def checked(file: Outgoing) -> Iterator[CheckedReader]:
    """The bytes of `file`, hashed as they are read."""
    reader = CheckedReader(file.path, file)
    try:
        yield reader
    finally:
        reader.close()


RESULTS_SUFFIX = ".results.csv"


def results_name(remote_name: str) -> str:
    """What the answer to a file is called in a drop."""
    return remote_name.removesuffix(".csv") + RESULTS_SUFFIX
