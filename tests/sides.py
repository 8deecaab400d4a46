"""Records of the two sides, in agreement but for what a test says; a wrong word is an error."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from schemas.sides import AFFINITY_SIDE, EDGE, LAYER_SIDE
from tasks.reconcile.classes import ReconcileTerms, Reconciliation, reconcile

AS_OF = date(2026, 3, 31)

_SAME: dict[str, Any] = {
    "charge_type": "recurring",
    "site_ref": "AS-1",
    "cli": "01204600001",
    "sku": "SKU-1",
    "quantity": 2,
    "unit_price": Decimal("5.5000"),
    "start_on": date(2026, 1, 1),
    "known_from": date(2026, 1, 5),
}


def ours(line: str = "L1", **said: Any) -> dict[str, Any]:
    """A charge that is In Billing, as our side has it."""
    charge = {
        **_SAME,
        "line_id": line,
        "asset_id": line.replace("L", "A"),
        "customer_id": "C1",
        "frequency": "Monthly",
        "disposition": "in_billing",
        "is_told": True,
        **said,
    }
    charge.setdefault("same_from", charge["known_from"])
    return {"layer_key": f"line:{line}:{charge['charge_type']}", **charge}


def theirs(uid: str = "U1", **said: Any) -> dict[str, Any]:
    """A site product, as Affinity's snapshot has it."""
    row = {**_SAME, "object_uid": uid, **said}
    return {"same_from": row["known_from"], **row}


def compared(
    layer: list[dict[str, Any]],
    affinity: list[dict[str, Any]],
    *,
    edges: list[tuple[str, str]] | None = None,
    rejected: list[str] | None = None,
    **terms: Any,
) -> Reconciliation:
    """The two sides compared, as of AS_OF; `edges`: (layer_key, object_uid)."""
    return reconcile(
        pl.DataFrame(layer, schema=LAYER_SIDE),
        pl.DataFrame(affinity, schema=AFFINITY_SIDE),
        pl.DataFrame(edges or [], schema=EDGE, orient="row"),
        pl.DataFrame({"object_uid": rejected or []}, schema={"object_uid": pl.String()}),
        ReconcileTerms(**{"as_of": AS_OF, **terms}),
    )


def found(layer: list[dict[str, Any]], affinity: list[dict[str, Any]], **given: Any) -> list[Any]:
    """(class, why, fields, remedy) of every match, sorted."""
    matches = compared(layer, affinity, **given).matches
    told = matches.select("class", "why", "fields", "remedy").rows()
    return sorted(told, key=lambda row: [cell or "" for cell in row])
