"""How strict Affinity is today: what one bad row takes with it, and rows it refuses for no fault.

Deterministic: the same seed and row key always get the same answer.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

_WORDS: Final = (
    ("PRODUCT_WITHDRAWN", "Product code withdrawn"),
    ("ACCOUNT_ON_STOP", "Account is on credit stop"),
    ("PERIOD_CLOSED", "Bill start date falls in a closed billing period"),
    ("NO_RATE", "No rate for this product in the customer's rate card"),
)


class FailureScope(StrEnum):
    """What is refused along with one bad row."""

    ROW = "row"
    FILE = "file"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Policy:
    """Refusals that are not the sender's fault, and the scope of every refusal.

    `rate` (0 to 1) is the share of product rows refused; `keys` are refused in any file,
    `words` too, with a code and a message by row key.
    """

    scope: FailureScope = FailureScope.ROW
    keys: frozenset[str] = frozenset()
    rate: float = 0.0
    seed: int = 1
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def refusal(self, row_key: str, *, is_product: bool) -> tuple[str, str] | None:
        """Code and words for a row that is refused without fault; None to let it in."""
        if row_key in self.words:
            return self.words[row_key]
        digest = hashlib.sha256(f"{self.seed}|{row_key}".encode()).digest()
        draw = int.from_bytes(digest[:8]) / 2**64
        if row_key in self.keys or (is_product and draw < self.rate):
            return _WORDS[digest[8] % len(_WORDS)]
        return None
