"""What a batch says of itself: its place in the chain, its files, its totals. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from schemas.audit import AuditHead
from schemas.receipts import BatchFile, JudgementReceipt, Money
from schemas.vocabulary import ChargeType


def totals_of(judgement: JudgementReceipt, audit_head: AuditHead | None = None) -> dict[str, Any]:
    """Counts and money of every disposition and hold, and how far the audit trail has come."""
    return {
        "dispositions": {name: money_json(each) for name, each in judgement.dispositions.items()},
        "holds": {name: money_json(each) for name, each in judgement.holds.items()},
        **(
            {}
            if audit_head is None
            else {"audit": {"entries": audit_head.number, "hash": audit_head.hash}}
        ),
    }


def money_json(money: Money) -> dict[str, Any]:
    """Charges and decimal text: four places, never a float."""
    return {"charges": money.charges, "value": f"{money.value:.4f}"}


def manifest(
    *,
    tenant: str,
    seq: int,
    previous_sha256: str | None,
    as_of: str,
    created_at: str,
    profile_sha256: str,
    files: Sequence[BatchFile],
    totals: Mapping[str, Any],
    is_canary: bool = False,
    undoes: int | None = None,
) -> dict[str, Any]:
    """The manifest's content; files without money say zero. Only a canary or undo says it is."""
    return {
        "tenant": tenant,
        "seq": seq,
        "previous_seq": seq - 1 if seq > 1 else None,
        "previous_manifest_sha256": previous_sha256,
        "as_of": as_of,
        "created_at": created_at,
        "profile_sha256": profile_sha256,
        **({"canary": True} if is_canary else {}),
        **({} if undoes is None else {"undoes": undoes}),
        "files": [_file(each) for each in files],
        **totals,
    }


def _file(file: BatchFile) -> dict[str, Any]:
    return {
        "name": file.name,
        "rows": file.rows,
        "bytes": file.bytes,
        "sha256": file.sha256,
        "quantity": file.quantity,
        "value": {
            each.value: f"{file.value.get(each.value, Decimal(0)):.4f}" for each in ChargeType
        },
    }
