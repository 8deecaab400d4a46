"""What a batch's journal says was decided, beside what the ledger says was committed. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from tasks.outbox.durable import moment_of


class Decided(Protocol):
    """A decision as the ledger holds it."""

    @property
    def what(self) -> str:
        """`transfer` or `abandon`."""

    @property
    def actor(self) -> str:
        """Who decided."""

    @property
    def at(self) -> datetime:
        """When (UTC)."""


def behind(said: Sequence[Mapping[str, Any]], committed: Sequence[Decided]) -> str:
    """What is wrong with a journal that lacks what was committed, or says it otherwise; or nothing.

    A journal that says more is ahead: its last decision was cut off, and any run finishes it.
    """
    if len(said) < len(committed):
        return f"the ledger holds {len(committed)} decision(s), transfer.json {len(said)}"
    for number, (entry, decision) in enumerate(zip(said, committed, strict=False), start=1):
        what = "abandon" if entry["kind"] == "abandoned" else "transfer"
        # the outbox writes whole seconds
        moment = decision.at.replace(microsecond=0)
        if (what, entry["actor"], moment_of(entry["at"])) != (
            decision.what,
            decision.actor,
            moment,
        ):
            return f"decision {number} of transfer.json is not the one the ledger holds"
    return ""
