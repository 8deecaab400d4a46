"""`r2b audit`: what people did, for people and for machines; what is wrong with the trail."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flows.console.answering import out
from flows.console.tables import table
from schemas.audit import AuditEntry, AuditReport
from schemas.counting import counted
from schemas.errors import DeliveryIncomplete


def entries_json(entries: Sequence[AuditEntry]) -> dict[str, Any]:
    """The entries as one JSON object, newest first."""
    return {
        "entries": [
            {
                "number": entry.number,
                **asdict(entry.deed),
                "is_keyed": entry.is_keyed,
                "previous_hash": entry.previous_hash,
                "hash": entry.hash,
            }
            for entry in entries
        ]
    }


def show_entries(entries: Sequence[AuditEntry]) -> None:
    """The entries as a table, newest first."""
    if not entries:
        out.print("Nobody has done anything yet.")
        return
    rows = [
        (
            entry.number,
            f"{entry.deed.at:%d/%m/%Y %H:%M:%S}",
            entry.deed.who,
            entry.deed.role,
            _what(entry),
            entry.deed.outcome.value,
            entry.deed.reason,
        )
        for entry in entries
    ]
    columns = ("entry", "when (UTC)", "who", "as", "what", "outcome", "why")
    out.print(table("What people did, newest first", columns, rows, right=(0,)))


def _what(entry: AuditEntry) -> str:
    deed = entry.deed
    act = deed.act.value if deed.approves is None else f"{deed.act.value} {deed.approves.value}"
    approved = "" if deed.approval is None else f" (approved: entry {deed.approval})"
    return f"{act} of {deed.subject}{approved}"


def checked(report: AuditReport) -> AuditReport:
    """The report of a trail that is whole.

    Raises:
        DeliveryIncomplete: it is not.
    """
    if report.fault is not None:
        raise DeliveryIncomplete(
            f"Checking the audit trail: entry {report.fault.number} {report.fault.words}.",
            hint="It is the first that is not as it was written: find out who wrote into the "
            "file, and restore it from a backup. `r2b audit --restore` gives back what was only "
            "cut off or lost.",
        )
    return report


def show_report(report: AuditReport) -> None:
    """That the trail is whole, and what could not be checked."""
    entries = counted(report.entries, "entry", "entries")
    heads = counted(report.heads, "witness", "witnesses")
    out.print(
        f"Every entry is as it was written ({entries}); the last one known elsewhere is there, by "
        f"{heads}."
    )
    if report.is_cut_off:
        out.print(
            "The line after them was cut off while it was written, so its act never began; the "
            "next act removes it."
        )
    if report.unkeyed:
        are = counted(report.unkeyed, "of them is", "of them are")
        out.print(f"{are} sealed without a key (audit.key_env).")
    if report.unchecked:
        are = counted(report.unchecked, "of them is", "of them are")
        out.print(f"{are} sealed with a key that is not given here: only their order was checked.")
