"""What a person may do with the audit trail: read, check, restore it, and approve in it."""

from typing import get_args

from flows.audit import (
    Approvable,
    add_approval,
    batch_subject,
    heads_of_manifests,
    item_subject,
    needs_approval,
    restore_entries,
    trail_of,
)
from flows.exclusive import alone_with
from flows.numbers import item_number
from flows.operators import acting
from flows.profile import LoadedProfile
from flows.wiring import publishing
from schemas.audit import ApprovalReceipt, AuditEntry, AuditReport, RestoredTrail
from schemas.errors import IllegalTransition, UsageError
from schemas.vocabulary import Act
from tasks.runs.task import publish_marts
from warehouse.audit import AuditStore
from warehouse.connection import open_warehouse
from warehouse.retry_queue import RetryQueue

_OF_ITEMS = (Act.RETRY, Act.RELEASE, Act.DISCARD)


def list_entries(profile: LoadedProfile) -> list[AuditEntry]:
    """The trail, newest first; nothing where nobody ever acted.

    Raises:
        DeliveryIncomplete: it is not whole, or lacks what a manifest knows of it.
    """
    return trail_of(profile).entries(heads_of_manifests(profile))[::-1]


def check_trail(profile: LoadedProfile) -> AuditReport:
    """Check the trail against itself, the warehouse, and every manifest that names its head."""
    heads = heads_of_manifests(profile)
    if profile.warehouse.exists():
        with alone_with(profile), open_warehouse(profile.warehouse) as connection:
            heads += AuditStore(connection).heads()
    return trail_of(profile).check(heads)


def restore_trail(profile: LoadedProfile, *, actor: str, reason: str = "") -> RestoredTrail:
    """Give a trail that was lost, or cut off, back what the warehouse knows of it; on record.

    Raises:
        UsageError: no name.
        NotAllowed: operators are declared and this one does not hold the role approve.
        DeliveryIncomplete: it says something else, or more is lost than the warehouse knows.
        IllegalTransition: nothing is lost.
    """
    intent = acting(profile, actor, "approve", Act.RESTORE, "the audit trail", reason=reason)
    with alone_with(profile):
        done = restore_entries(profile, intent)
        publish_marts(profile.warehouse, publishing(profile))
    return done


def approve(
    profile: LoadedProfile, act: str, number: int, *, actor: str, reason: str = ""
) -> ApprovalReceipt:
    """Approve an act of somebody else on a batch or an item of the queue, as it stands now.

    Raises:
        UsageError: no act that is ever approved, or no name.
        IllegalTransition: there is no such batch or item, or it needs no approval.
        NotAllowed: operators are declared and this one does not hold the role approve.
    """
    if act not in get_args(Approvable):
        raise UsageError(
            f"Approving: there is no act called {act!r} that is approved.",
            hint=f"It is one of {', '.join(get_args(Approvable))}.",
        )
    approves = Act(act)
    kind = "item" if approves in _OF_ITEMS else "batch"
    intent = acting(profile, actor, "approve", Act.APPROVE, f"{kind} {number}", reason=reason)
    with alone_with(profile):
        if approves in _OF_ITEMS:
            with open_warehouse(profile.warehouse) as connection:
                queue = RetryQueue(connection)
                item = queue.get(item_number(number))
                subject = item_subject(number, item, queue.at_stake(item))
        else:
            subject = batch_subject(profile, number, approves)
        if subject.digest is None:
            raise IllegalTransition(
                f"Approving: there is no {subject.words}.",
                hint="`r2b status` shows the open batches, `r2b queue list` the items.",
            )
        if not needs_approval(profile, approves, subject):
            raise IllegalTransition(
                f"Approving: {act} of {subject.words} needs no approval.",
                hint="Nothing of it is left to decide, or it is not worth more than "
                "approvals.above.",
            )
        entry = add_approval(profile, intent, approves, subject)
        publish_marts(profile.warehouse, publishing(profile))
    return entry
