"""What a register of batches can do, and how it fails. No transport here."""

from collections.abc import Sequence
from datetime import datetime
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
    """A batch as the register has it; `by`: the machine and outbox that entered it."""

    seq: int
    manifest_sha256: str
    claimed_at: datetime
    run_id: str | None
    is_published: bool
    by: str

    def is_claim_of(self, batch: SealedBatch, by: str) -> bool:
        """Whether it is this very claim, entered from this very place.

        The digest does not say so: copies that claim in the same second write the same bytes, and
        a claim that is written again after its profile was changed writes others. Nor does the
        claim alone: a copy that was made of a claimed batch has it too.
        """
        return (self.seq, self.claimed_at, self.run_id, self.by) == (
            batch.seq,
            batch.claimed_at,
            batch.run_id,
            by,
        )


class Register(Protocol):
    """Keeps, of one tenant, which batch follows which. `place`: whoever asks."""

    place: str

    def entries(self) -> list[Entry]:
        """All batches in it, oldest first. Looks only: where there is no table there is no batch.

        Raises:
            RegisterDown, RegisterUnfit.
        """
        ...

    def enter(self, batches: Sequence[SealedBatch]) -> None:
        """Enter batches, each of which follows the one before; all or none, and twice is once.

        A claim that is entered again from the same place may have another digest, as long as it is
        not published. Once one is entered as published, it is not taken as claimed any more: who
        does not know that it was published is on an older copy.

        Raises:
            EnteredElsewhere: a number is taken by another claim, even if it came to the same bytes,
                or what it follows is not in the register. Nothing is entered.
            RegisterDown, RegisterUnfit.
        """
        ...
