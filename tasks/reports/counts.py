"""What a run counted, as JSON carries it: contract section 6. Pure."""

from typing import Any

from schemas.money import decimal_text
from schemas.receipts import BatchReceipt, DeliveryReceipt, RunReceipt


def run_json(receipt: RunReceipt) -> dict[str, Any]:
    """The object `r2b run --json` prints."""
    return {
        "run_id": receipt.run_id,
        "as_of": receipt.as_of.isoformat(),
        "feeds": {
            name: {"read": each.read, "accepted": each.accepted, "rejected": each.rejected}
            for name, each in receipt.feeds.items()
        },
        "dispositions": {
            name: {"charges": each.charges, "value": decimal_text(each.value)}
            for name, each in receipt.dispositions.items()
        },
        "holds": {reason: each.charges for reason, each in receipt.holds.items()},
        "batch": _batch_json(receipt.batch),
        "batches": [_batch_json(each) for each in receipt.batches],
        "delivery": delivery_json(receipt.batch.delivery if receipt.batch else None),
        "status": receipt.status,
        "open_batches": list(receipt.open_batches),
        "changes": _changes_json(receipt),
        "findings": dict(receipt.findings),
        "warnings": dict(receipt.warnings),
        "reject_reasons": [
            {"feed": feed, "column": column or None, "reason": reason, "records": records}
            for (feed, column, reason), records in receipt.reject_reasons.items()
        ],
    }


def _changes_json(receipt: RunReceipt) -> dict[str, dict[str, int]]:
    """Action -> state -> how many; actions without a change are left out."""
    said: dict[str, dict[str, int]] = {}
    for (action, state), count in receipt.changes.items():
        said.setdefault(action, {})[state] = count
    return said


def plan_json(receipt: RunReceipt, batch: BatchReceipt | None) -> dict[str, Any]:
    """The object `r2b plan --json` prints: a run's, with the batch it would write."""
    return {**run_json(receipt), "would_write": _batch_json(batch)}


def delivery_json(delivery: DeliveryReceipt | None) -> dict[str, Any] | None:
    """How far a batch has come, and what its charges came to."""
    if delivery is None:
        return None
    moved = delivery.transfer
    return {
        "seq": delivery.seq,
        "state": delivery.state,
        "mode": delivery.mode,
        "files": dict(delivery.files),
        "trouble": delivery.trouble or None,
        "transfer": None
        if moved is None
        else {
            "accepted": moved.accepted,
            "rejected": moved.rejected,
            "pending": moved.pending,
            "accepted_value": decimal_text(moved.accepted_value),
        },
    }


def _batch_json(batch: BatchReceipt | None) -> dict[str, Any] | None:
    if batch is None:
        return None
    canary = {"is_canary": True} if batch.is_canary else {}
    return {"seq": batch.seq, "path": str(batch.path), "files": dict(batch.files), **canary}
