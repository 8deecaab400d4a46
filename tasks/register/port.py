"""What a register of batches can do, and how it fails. No transport here."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from schemas.receipts import SealedBatch


class RegisterDown(Exception):
    """It gave no answer, however often it was asked: what was to be entered may be in it or not."""

    def __init__(self, words: str) -> None:
        """`words` are safe to show."""
        super().__init__(words)
        self.words = words


class RegisterUnfit(Exception):
    """It does not let us, or is not what a register should be; waiting does not help."""

    def __init__(self, words: str) -> None:
        """`words` are safe to show."""
        super().__init__(words)
        self.words = words


class EnteredElsewhere(Exception):
    """Another copy of the tenant has entered a batch of this number, or goes on from another."""

    def __init__(self, seq: int, by: str | None) -> None:
        """`seq`: the batch that is not as it is here; `by`: the machine that entered it."""
        super().__init__(f"batch {seq} was entered by another copy")
        self.seq = seq
        self.by = by


class Entry(NamedTuple):
    """A batch as the register has it; `by`: the machine that entered it."""

    seq: int
    manifest_sha256: str
    by: str


class Register(Protocol):
    """Keeps, of one tenant, which batch follows which."""

    def last(self) -> Entry | None:
        """The last batch in it; None: there is none.

        Raises:
            RegisterDown, RegisterUnfit.
        """
        ...

    def entries(self) -> list[Entry]:
        """All batches in it, oldest first.

        Raises:
            RegisterDown, RegisterUnfit.
        """
        ...

    def enter(self, batches: Sequence[SealedBatch]) -> None:
        """Enter batches, each of which follows the one before; all or none, and twice is once.

        Raises:
            EnteredElsewhere: a number is taken by another claim, even if it came to the same bytes,
                or what it follows is not in the register. Nothing is entered.
            RegisterDown, RegisterUnfit.
        """
        ...
