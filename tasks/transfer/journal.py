"""The batch folder's own record of what was decided about it: `transfer.json`.

Written durably before the warehouse moves, so that a crash between the two is finished by the next
command. The outbox is the journal, the warehouse its projection.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.errors import DeliveryIncomplete
from tasks.outbox.durable import as_json, moment_text, write_durably

JOURNAL = "transfer.json"


def read_journal(folder: Path) -> list[dict[str, Any]]:
    """Every decision about the batch in `folder`, oldest first.

    Raises:
        DeliveryIncomplete: the journal is there but damaged.
    """
    path = folder / JOURNAL
    if not path.is_file():
        return []
    try:
        entries: list[dict[str, Any]] = json.loads(path.read_bytes())["decisions"]
    except (ValueError, KeyError, TypeError) as error:
        raise DeliveryIncomplete(
            f"Reading the journal of batch {folder.name}: {JOURNAL} is damaged.",
            hint="Restore it from a backup; nothing is decided about the batch until then.",
        ) from error
    return entries


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
        write_durably(folder / entry["results"], results)
    write_durably(folder / JOURNAL, as_json({"decisions": [*entries, entry]}))
