"""Whether another person approved what somebody is about to do. Pure: the trail is all it knows.

An approval is an entry of the trail. It allows one act on one thing as it stood, once, until it
expires; never to the person who gave it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from schemas.audit import AuditEntry, Deed
from schemas.vocabulary import Act, ActOutcome


class Found(NamedTuple):
    """The entry that approves a deed; without one, `why` not."""

    entry: int | None
    why: str = ""


def approval_for(
    deed: Deed, entries: Sequence[AuditEntry], *, approvers: frozenset[str] | None, keyed_only: bool
) -> Found:
    """The oldest approval that allows `deed`; else what is wrong with the newest there is.

    `approvers`: who may approve; None = anybody. `keyed_only`: one sealed without the key is none.
    """
    used = _used(entries)
    why = "nobody has approved it yet"
    for entry in entries:
        if not _is_about(entry.deed, deed):
            continue
        if keyed_only and not entry.is_keyed:
            why = f"the approval (entry {entry.number}) is not sealed with the key"
            continue
        fault = _fault(entry, deed, approvers=approvers, is_used=entry.number in used)
        if fault is None:
            return Found(entry.number)
        why = fault
    return Found(None, why)


def _is_about(approval: Deed, deed: Deed) -> bool:
    return (
        approval.act is Act.APPROVE
        and approval.outcome is ActOutcome.ALLOWED
        and (approval.approves, approval.subject) == (deed.act, deed.subject)
    )


def _fault(
    entry: AuditEntry, deed: Deed, *, approvers: frozenset[str] | None, is_used: bool
) -> str | None:
    given, its = entry.deed, f"the approval (entry {entry.number})"
    if given.who.casefold() == deed.who.casefold():
        return f"{its} was given by the same person"
    if approvers is not None and given.who not in approvers:
        return f"{its} was given by somebody who does not hold the role approve any more"
    if given.digest is None or given.digest != deed.digest:
        return f"{its} is for another content: its digest is another one"
    if is_used:
        return f"{its} was used already"
    if given.expires_at is None or deed.at >= given.expires_at:
        return f"{its} has expired"
    return None


def _used(entries: Sequence[AuditEntry]) -> set[int]:
    """Approvals that an act was begun on which did not fail."""
    begun: Counter[int] = Counter()
    for entry in entries:
        if entry.deed.approval is None:
            continue
        begun[entry.deed.approval] += 1 if entry.deed.outcome is ActOutcome.ALLOWED else -1
    return {number for number, count in begun.items() if count > 0}
