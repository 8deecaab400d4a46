"""Who did what, on record: the trail of a tenant, and whether an act needs another's approval.

An act is written down before it begins, so none can be missing; one that then fails is written down
once more. Roles are in `flows/operators.py`.
"""

import contextlib
import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal, get_args

from flows.credentials import Place, credential
from flows.numbers import batch_number, item_number
from flows.profile import LoadedProfile
from schemas.audit import ApprovalReceipt, AuditEntry, AuditHead, Deed, RestoredTrail
from schemas.errors import DeliveryIncomplete, NotAllowed, ProfileWrong, R2BError, UsageError
from schemas.json_text import read_json
from schemas.storable import is_storable
from schemas.vocabulary import Act, ActOutcome
from tasks.audit.approvals import approval_for
from tasks.audit.trail import Trail
from tasks.outbox.durable import MANIFEST
from warehouse.audit import AuditStore
from warehouse.connection import open_warehouse, transaction
from warehouse.retry_queue import RetryItem

Approvable = Literal[
    "transfer", "abandon", "undo", "arrived", "absent", "retry", "release", "discard"
]
"""The acts another person may have to approve."""

_log = logging.getLogger("r2b.audit")

_FEWEST_CHARACTERS = 16
"""A shorter key can be guessed."""


@dataclass(frozen=True)
class Intent:
    """Who is about to do what, and why; `role`: the one it takes, blank where it takes none."""

    act: Act
    who: str
    role: str
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not be written down, before anything is.

        Raises:
            UsageError: the name or the reason holds half a character or a NUL.
        """
        for what, text in (("name", self.who), ("reason", self.reason)):
            if not is_storable(text):
                raise UsageError(
                    f"Writing down who does it: the {what} holds what is no character.",
                    hint="Type it again.",
                )


@dataclass(frozen=True)
class Subject:
    """What an act is about, as it stands: in words, its number, money at stake, digest, batch."""

    words: str
    number: int
    value: Decimal = Decimal(0)
    digest: str | None = None
    seq: int | None = None


def trail_of(profile: LoadedProfile) -> Trail:
    """The tenant's trail, with its keys where they are given: one per line, the newest first.

    Raises:
        ProfileWrong: a key is too short, or kept in a Prefect Secret that is not there.
    """
    audit = profile.settings.audit
    place = Place(audit.key_env, audit.key_secret, "audit", "key")
    keys = [line.strip() for line in (credential(place) or "").splitlines() if line.strip()]
    if any(len(key) < _FEWEST_CHARACTERS for key in keys):
        raise ProfileWrong(
            f"Reading the key of the audit trail: {place.words} holds fewer than "
            f"{_FEWEST_CHARACTERS} characters"
            f"{' in a line' if len(keys) > 1 else ''}.",
            hint="Make a long one at random and keep it: what it sealed can only be checked "
            "with it.",
        )
    return Trail(profile.audit_trail, tuple(key.encode("utf-8", "surrogateescape") for key in keys))


def audit_head(profile: LoadedProfile) -> AuditHead | None:
    """The trail's last entry, for a manifest to name."""
    return Trail(profile.audit_trail).head()


def catch_up(profile: LoadedProfile) -> None:
    """Bring the warehouse up to the trail: what was refused is written where nobody is alone.

    A trail that is not whole stops people, not runs.
    """
    try:
        entries = Trail(profile.audit_trail).entries()
    except DeliveryIncomplete as error:
        _log.warning("%s", error)
        return
    if entries:
        with open_warehouse(profile.warehouse) as connection, transaction(connection):
            AuditStore(connection).follow(entries)


def note_refusal(profile: LoadedProfile, intent: Intent, subject: str, why: str) -> None:
    """Write down that somebody may not do what they were about to.

    Raises:
        DeliveryIncomplete: the trail is not whole, or cannot be written.
    """
    deed = _deed(intent, Subject(subject, 0))
    # not alone, so without the warehouse: else a trail that is lost would begin anew with this
    with trail_of(profile).open_to_add(heads_of_manifests(profile)) as page:
        page.add(replace(deed, outcome=ActOutcome.REFUSED, reason=why))


@contextmanager
def on_record(profile: LoadedProfile, intent: Intent, subject: Subject) -> Iterator[None]:
    """Write an act down, then let the block do it; inside `alone_with`.

    What only evidence is given for, no person's word, has no role and needs no approval.

    Raises:
        NotAllowed: it is worth more than the profile lets one person decide, and nobody else has
            approved it as it stands.
        DeliveryIncomplete: the trail is not whole, or cannot be written.
    """
    deed = _begin(profile, _deed(intent, subject), subject)
    try:
        yield
    except Exception as error:
        with contextlib.suppress(R2BError):
            _add(profile, replace(deed, outcome=ActOutcome.FAILED, reason=type(error).__name__))
        raise


def add_approval(
    profile: LoadedProfile, intent: Intent, approves: Act, subject: Subject
) -> ApprovalReceipt:
    """Write down that `intent.who` approves an act on a subject as it stands; inside `alone_with`.

    Raises:
        DeliveryIncomplete: the trail is not whole, or cannot be written.
    """
    deed = _deed(intent, subject)
    over = deed.at + timedelta(hours=profile.settings.approvals.hours)
    entry = _add(profile, replace(deed, approves=approves, expires_at=over))
    return ApprovalReceipt(entry.number, approves, subject.words, subject.digest, over)


def restore_entries(profile: LoadedProfile, intent: Intent) -> RestoredTrail:
    """Give the trail back what it has lost, if the warehouse knows it; inside `alone_with`.

    Raises:
        DeliveryIncomplete: it says something else, or more is lost than the warehouse knows.
        IllegalTransition: nothing is lost.
    """
    with open_warehouse(profile.warehouse) as connection:
        known = AuditStore(connection).entries()
    done = trail_of(profile).restore(
        known, heads_of_manifests(profile), _deed(intent, Subject("", 0))
    )
    catch_up(profile)
    return done


def heads_of_manifests(profile: LoadedProfile) -> list[AuditHead]:
    """The trail's last entry of its time, as each manifest has it that names one."""
    heads = []
    for path in sorted(profile.outbox.glob(f"[0-9]*/{MANIFEST}")):
        try:
            said = read_json(path.read_bytes()).get("audit")
            if said is not None:
                known_to = f"the manifest of batch {int(path.parent.name)}"
                heads.append(AuditHead(int(said["entries"]), said["hash"], known_to))
        except (ValueError, KeyError, TypeError, AttributeError):
            # a damaged manifest is for the transfer to refuse
            continue
    return heads


def needs_approval(profile: LoadedProfile, act: Act, subject: Subject) -> bool:
    """Whether another person must approve it: the profile says so of what is worth so much."""
    above = profile.settings.approvals.above
    return above is not None and act in get_args(Approvable) and subject.value > above


def batch_subject(profile: LoadedProfile, seq: int, act: Act) -> Subject:
    """A batch as an act finds it; nothing is at stake where nothing is left to decide.

    Raises:
        IllegalTransition: no batch could have this number.
    """
    batch_number(seq)
    with open_warehouse(profile.warehouse) as connection:
        found = AuditStore(connection).batch(seq)
    if found is None:
        return Subject(f"batch {seq}", seq, seq=seq)
    is_settled = not found.open_rows and act is not Act.UNDO
    return Subject(
        f"batch {seq}", seq, Decimal(0) if is_settled else found.value, found.digest, seq
    )


def item_subject(item_id: int, item: RetryItem | None, at_stake: Decimal) -> Subject:
    """An item of the queue as an act finds it; its digest is that of what failed, and how often.

    `at_stake`: the money the act is about, with what goes along with the item.

    Raises:
        IllegalTransition: no item could have this number.
    """
    item_number(item_id)
    if item is None:
        return Subject(f"item {item_id}", item_id)
    content = [*item[:6], str(at_stake), item.batch_seq]
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    words = f"item {item_id} {item.subject}"
    return Subject(words, item_id, at_stake, digest, item.batch_seq)


def _begin(profile: LoadedProfile, deed: Deed, subject: Subject) -> Deed:
    """The deed as it was written down, with the approval it is begun on."""
    trail = trail_of(profile)
    refusal = None
    with (
        open_warehouse(profile.warehouse) as connection,
        trail.open_to_add(AuditStore(connection).heads()) as page,
    ):
        if deed.role and needs_approval(profile, deed.act, subject):
            found = approval_for(
                deed,
                page.entries,
                approvers=approvers(profile),
                keyed_only=bool(trail.keys),
            )
            deed = replace(deed, approval=found.entry)
            if found.entry is None:
                refusal = _missing(deed.act, subject, found.why)
                why = f"needs an approval: {found.why}"
                deed = replace(deed, outcome=ActOutcome.REFUSED, reason=why)
        page.add(deed)
        with transaction(connection):
            AuditStore(connection).follow(page.entries)
    if refusal is not None:
        raise refusal
    return deed


def _missing(act: Act, subject: Subject, why: str) -> NotAllowed:
    return NotAllowed(
        f"{act.value.capitalize()} of {subject.words}: it is worth more than one person may "
        f"decide (approvals.above), and {why}.",
        hint="Another person who holds the role approve runs "
        f"`r2b approve {act.value} {subject.number} --by NAME`; then do this again.",
    )


def _add(profile: LoadedProfile, deed: Deed) -> AuditEntry:
    with (
        open_warehouse(profile.warehouse) as connection,
        trail_of(profile).open_to_add(AuditStore(connection).heads()) as page,
    ):
        entry = page.add(deed)
        with transaction(connection):
            AuditStore(connection).follow(page.entries)
        return entry


def approvers(profile: LoadedProfile) -> frozenset[str] | None:
    """Who holds the role approve; None = anybody, for the profile names nobody."""
    operators = profile.settings.operators
    if not operators:
        return None
    return frozenset(name for name, roles in operators.items() if "approve" in roles)


def _deed(intent: Intent, subject: Subject) -> Deed:
    return Deed(
        at=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        who=intent.who,
        role=intent.role,
        act=intent.act,
        subject=subject.words,
        outcome=ActOutcome.ALLOWED,
        reason=intent.reason,
        batch_seq=subject.seq,
        digest=subject.digest,
    )
