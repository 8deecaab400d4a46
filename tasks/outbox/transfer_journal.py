"""The batch folder's own record of what was decided about it: `transfer.json`.

Written durably before the warehouse moves, so that a crash between the two is finished by the next
command. The outbox is the journal, the warehouse its projection.
"""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.errors import DeliveryIncomplete
from schemas.json_text import read_json
from schemas.vocabulary import FailureScope
from tasks.outbox.durable import as_json, moment_of, moment_text, write_durably

JOURNAL = "transfer.json"

_KINDS = {"results", "uploaded", "abandoned", "read_back"}
_ON_A_FILE = {"results", "read_back"}


def read_journal(folder: Path) -> list[dict[str, Any]]:
    """Every decision about the batch in `folder`, oldest first.

    Raises:
        DeliveryIncomplete: the journal is there but damaged.
    """
    path = folder / JOURNAL
    if not path.is_file():
        return []
    try:
        entries: list[dict[str, Any]] = read_json(path.read_bytes())["decisions"]
        is_whole = isinstance(entries, list) and all(map(_is_decision, entries))
    except (ValueError, KeyError, TypeError):
        is_whole = False
    if not is_whole:
        raise DeliveryIncomplete(
            f"Reading the journal of batch {folder.name}: {JOURNAL} is damaged.",
            hint="Restore it from a backup; nothing is decided about the batch until then.",
        )
    return entries


def _is_decision(entry: dict[str, Any]) -> bool:
    """Whether an entry says what every decision says; raises what is caught above where not."""
    moment_of(entry["at"])
    FailureScope(entry.get("failure_scope") or FailureScope.ROW)
    names = [entry["actor"], *([entry["results"]] if entry["kind"] in _ON_A_FILE else [])]
    return entry["kind"] in _KINDS and all(isinstance(name, str) for name in names)


def evidence_of(folder: Path, decision: dict[str, Any]) -> bytes:
    """The result file a decision stands on, as it was kept beside the journal.

    Raises:
        DeliveryIncomplete: it is missing or altered.
    """
    name = decision["results"]
    path = folder / Path(name).name
    content = path.read_bytes() if path.is_file() else None
    # journals from before digests were kept have none
    kept = decision.get("results_sha256")
    if content is None or (kept and hashlib.sha256(content).hexdigest() != kept):
        raise DeliveryIncomplete(
            f"Finishing a transfer of batch {folder.name}: {path.name} is missing or altered.",
            hint="Restore the file as it was written: the decision in the journal stands on it.",
        )
    return content


def add_decision(
    folder: Path,
    *,
    kind: str,
    actor: str,
    moment: datetime,
    manifest_sha256: str | None,
    results: bytes | None = None,
    reason: str | None = None,
    failure_scope: str | None = None,
) -> None:
    """Append one decision: `results`, `uploaded`, `abandoned` or `read_back`.

    Result bytes stay beside it. `failure_scope` is how a result was read: what one bad row took
    along.
    """
    entries = read_journal(folder)
    entry: dict[str, Any] = {
        "kind": kind,
        "actor": actor,
        "at": moment_text(moment),
        "manifest_sha256": manifest_sha256,
        "reason": reason,
    }
    if failure_scope is not None:
        entry["failure_scope"] = failure_scope
    if results is not None:
        entry["results"] = f"results_{len(entries) + 1}.csv"
        entry["results_sha256"] = hashlib.sha256(results).hexdigest()
        write_durably(folder / entry["results"], results)
    write_durably(folder / JOURNAL, as_json({"decisions": [*entries, entry]}))
