"""The chain of the audit trail: sealing an entry, reading a line, naming the first wrong one. Pure.

One line of JSON per entry. The hash covers every field and the hash before, so nothing can be
changed, moved or left out unseen. Whoever can write the file could recompute it all: a key makes
that impossible, and heads known elsewhere show a tail that is gone. A key that is no secret any
more is followed by another one: from then on it seals nothing.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from schemas.audit import GENESIS, AuditEntry, AuditFault, AuditHead, Deed
from schemas.json_text import read_json
from schemas.vocabulary import Act, ActOutcome

_NOT_GIVEN = (
    "was changed, or is sealed with a key that is not given here: older keys belong in lines below "
    "the newest"
)
_OLDER = (
    "is sealed with an older key than the one before it: the newest key belongs in the first line"
)


def sealed(deed: Deed, before: AuditEntry | None, key: bytes | None) -> AuditEntry:
    """The entry that follows `before` and says `deed`."""
    number, previous = (before.number + 1, before.hash) if before else (1, GENESIS)
    content = _content(deed, number, previous, is_keyed=key is not None)
    return AuditEntry(number, deed, key is not None, previous, _hash(content, key))


def line_of(entry: AuditEntry) -> bytes:
    """The entry as the trail has it, its line end included."""
    content = _content(entry.deed, entry.number, entry.previous_hash, is_keyed=entry.is_keyed)
    return _as_line({**content, "hash": entry.hash}) + b"\n"


def whole_lines(content: bytes) -> bytes:
    """A trail without the entry whose writing was cut off, if there is one: its act never began."""
    return content[: content.rfind(b"\n") + 1]


def entries_of(content: bytes) -> list[AuditEntry]:
    """The entries of a trail, oldest first.

    Raises:
        ValueError: a line is none.
    """
    return [_entry(line) for line in content.split(b"\n")[:-1]]


def first_fault(
    content: bytes, keys: Sequence[bytes], heads: Iterable[AuditHead] = ()
) -> AuditFault | None:
    """What is wrong with a trail, by its first wrong entry; None when it is as it was written.

    `keys`: what entries are sealed with, the newest first; without any, only the place of those
    that are sealed is checked. `heads` are entries as others know them.
    """
    lines = content.split(b"\n")
    if lines.pop():
        return AuditFault(len(lines) + 1, "is cut short")
    entries = [_try_entry(line) for line in lines]
    faults = [_chain_fault(entries), _seal_fault(entries, keys), _head_fault(entries, heads)]
    return min((each for each in faults if each), key=lambda each: each.number, default=None)


def _chain_fault(entries: Sequence[AuditEntry | None]) -> AuditFault | None:
    before: AuditEntry | None = None
    for number, entry in enumerate(entries, start=1):
        if entry is None:
            return AuditFault(number, "cannot be read: it was changed")
        if entry.number != number:
            return AuditFault(number, _misplaced(number, entry, entries))
        if entry.previous_hash != (before.hash if before else GENESIS):
            return AuditFault(number, "does not follow the one before it")
        if before is not None and before.is_keyed and not entry.is_keyed:
            return AuditFault(number, "is sealed without the key, though the one before it has it")
        before = entry
    return None


def _seal_fault(entries: Sequence[AuditEntry | None], keys: Sequence[bytes]) -> AuditFault | None:
    newest = len(keys) - 1
    for number, entry in enumerate(entries, start=1):
        if entry is None:
            continue
        if not entry.is_keyed:
            if not _is_sealed_with(entry, None):
                return AuditFault(number, "was changed")
        elif keys:
            used = _key_of(entry, keys)
            if used is None:
                return AuditFault(number, _NOT_GIVEN)
            if used > newest:
                return AuditFault(number, _OLDER)
            newest = used
    return None


def _key_of(entry: AuditEntry, keys: Sequence[bytes]) -> int | None:
    """Which of the keys an entry is sealed with."""
    return next((at for at, key in enumerate(keys) if _is_sealed_with(entry, key)), None)


def _is_sealed_with(entry: AuditEntry, key: bytes | None) -> bool:
    content = _content(entry.deed, entry.number, entry.previous_hash, is_keyed=entry.is_keyed)
    return hmac.compare_digest(_hash(content, key), entry.hash)


def _misplaced(number: int, entry: AuditEntry, entries: Sequence[AuditEntry | None]) -> str:
    if entry.number < number:
        return f"is not the one that belongs here: entry {entry.number} was put in again"
    if any(each is not None and each.number == number for each in entries):
        return f"is not in its place: entry {entry.number} is there"
    return f"is missing: entry {entry.number} is in its place"


def _head_fault(
    entries: Sequence[AuditEntry | None], heads: Iterable[AuditHead]
) -> AuditFault | None:
    for head in sorted(heads, key=lambda each: each.number):
        if head.number > len(entries):
            return AuditFault(
                len(entries) + 1, f"is missing: {head.known_to} knows entries up to {head.number}"
            )
        entry = entries[head.number - 1]
        if entry is None or entry.hash != head.hash:
            return AuditFault(head.number, f"is not the one that {head.known_to} knows")
    return None


def _hash(content: dict[str, Any], key: bytes | None) -> str:
    text = _as_line(content)
    if key is None:
        return hashlib.sha256(text).hexdigest()
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def _content(deed: Deed, number: int, previous: str, *, is_keyed: bool) -> dict[str, Any]:
    said = {
        name: _moment(value) if isinstance(value, datetime) else value
        for name, value in asdict(deed).items()
    }
    return {"number": number, **said, "is_keyed": is_keyed, "previous_hash": previous}


def _as_line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds") + "Z"


def _try_entry(line: bytes) -> AuditEntry | None:
    try:
        return _entry(line)
    except ValueError:
        return None


def _entry(line: bytes) -> AuditEntry:
    """One line, which must say what we would write, byte for byte."""
    try:
        said = read_json(line)
        deed = Deed(
            at=_moment_of(said["at"]),
            who=said["who"],
            role=said["role"],
            act=Act(said["act"]),
            subject=said["subject"],
            outcome=ActOutcome(said["outcome"]),
            reason=said["reason"],
            batch_seq=said["batch_seq"],
            digest=said["digest"],
            approval=said["approval"],
            approves=None if said["approves"] is None else Act(said["approves"]),
            expires_at=None if said["expires_at"] is None else _moment_of(said["expires_at"]),
        )
        entry = AuditEntry(
            said["number"], deed, said["is_keyed"], said["previous_hash"], said["hash"]
        )
        same = line_of(entry) == line + b"\n"
    except (KeyError, TypeError, AttributeError) as error:
        message = "no entry of an audit trail"
        raise ValueError(message) from error
    if not same:
        message = "an entry that is written otherwise"
        raise ValueError(message)
    return entry


def _moment_of(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
