"""What a run counted, as JSON carries it: contract section 6. Pure."""

from typing import Any

from schemas.receipts import BatchReceipt, RunReceipt
from tasks.reports.money import decimal_text


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
        "status": receipt.status,
        "open_batches": list(receipt.open_batches),
        "warnings": dict(receipt.warnings),
        "reject_reasons": [
            {"feed": feed, "column": column or None, "reason": reason, "records": records}
            for (feed, column, reason), records in receipt.reject_reasons.items()
        ],
    }


def plan_json(receipt: RunReceipt, batch: BatchReceipt | None) -> dict[str, Any]:
    """The object `r2b plan --json` prints: a run's, with the batch it would write."""
    return {**run_json(receipt), "would_write": _batch_json(batch)}


def _batch_json(batch: BatchReceipt | None) -> dict[str, Any] | None:
    if batch is None:
        return None
    return {
        "seq": batch.seq,
        "path": str(batch.path),
        "files": dict(batch.files),
        "is_canary": batch.is_canary,
    }
