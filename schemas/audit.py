"""What the audit trail says of a person's act: who, when, what, on what, why. Grain: one act."""

from dataclasses import dataclass
from datetime import datetime

from schemas.vocabulary import Act, ActOutcome

GENESIS = "0" * 64
"""What the first entry names as its predecessor."""


@dataclass(frozen=True)
class Deed:
    """What is to be written down. Ids only: never a name, number or price of a customer.

    `subject`: `batch 12` or `item 5`. `digest`: of the batch's manifest, or of the item's content.
    `approval`: the entry that approved it. `approves`, `expires_at`: of an approval, what it allows
    and until when. Moments are UTC, to the second.
    """

    at: datetime
    who: str
    role: str
    act: Act
    subject: str
    outcome: ActOutcome
    reason: str = ""
    batch_seq: int | None = None
    digest: str | None = None
    approval: int | None = None
    approves: Act | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class AuditEntry:
    """A deed in its place in the chain; `is_keyed`: its hash takes the key to be made."""

    number: int
    deed: Deed
    is_keyed: bool
    previous_hash: str
    hash: str


@dataclass(frozen=True)
class AuditHead:
    """The last entry of a trail as somebody else knows it: `known_to` in words."""

    number: int
    hash: str
    known_to: str = ""


@dataclass(frozen=True)
class AuditFault:
    """The first entry of a trail that is not as it was written, and what is wrong with it."""

    number: int
    words: str


@dataclass(frozen=True)
class AuditReport:
    """What checking a trail came to; `fault` None = whole.

    `is_cut_off`: the line after them was not written to its end, so its act never began.
    `unkeyed`: entries sealed without a key. `unchecked`: entries sealed with one that is not here.
    `heads`: how many places outside the trail know a part of it.
    """

    entries: int
    fault: AuditFault | None
    unkeyed: int
    unchecked: int
    heads: int
    is_cut_off: bool = False


@dataclass(frozen=True)
class RestoredTrail:
    """A trail that has its entries again: how many came from the warehouse, and its own entry."""

    restored: int
    entry: int


@dataclass(frozen=True)
class ApprovalReceipt:
    """An approval that was given: the trail's entry, what it allows on what, until when."""

    entry: int
    approves: Act
    subject: str
    digest: str | None
    expires_at: datetime
