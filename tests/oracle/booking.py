"""How price book and catalogue hang together, in plain Python.

Source: domain notes section 4, row 6; `docs/contract-notes.md`, "The price book".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from tests.oracle.accepting import Accepted, Row
from tests.oracle.contracts import CHARGE_TYPES
from tests.oracle.judged import AFFINITY, Judged
from tests.oracle.settings import Settings, fold

NOTHING_TO_BILL = {"cancelled", "amendment", "not_applicable", "do_not_bill"}
BILLED_OR_READY = {"in_billing", "exported", "ready"}


class Entry(NamedTuple):
    """A product and charge type, or a code of nobody, as `mart.price_book` shows it."""

    product_id: str | None
    product_name: str | None
    charge_type: str | None
    sku: str | None
    routed_by: str | None
    link: str
    same_sku: int | None
    layer_price: Decimal | None
    affinity_price: Decimal | None
    drift: Decimal | None
    quantity: Decimal | None
    drift_value: Decimal | None
    closes_gate: bool


def price_book(
    accepted: Accepted, settings: Settings, judged: Sequence[Judged], profile: Mapping[str, Any]
) -> list[Entry]:
    """Every product routed to Affinity, kind by kind, and every code of nobody."""
    products = accepted.tables["products"]
    given = "affinity_products" in accepted.given
    catalogue = {row["product_code"]: row for row in accepted.tables["affinity_products"]}
    users: dict[str, set[str]] = defaultdict(set)
    for product in products:
        for kind in CHARGE_TYPES:
            if (sku := _sku(product, kind)) is not None:
                users[sku].add(product["product_id"])
    entries = []
    for product in products:
        drifts = {kind: _drift(product, kind, catalogue if given else {}) for kind in CHARGE_TYPES}
        routes = {kind: _routed_by(product, kind, settings, judged) for kind in CHARGE_TYPES}
        for kind in CHARGE_TYPES:
            if routes[kind] is None:
                continue
            sku, drift = _sku(product, kind), drifts[kind]
            for other in CHARGE_TYPES:
                beside = drifts[other] if routes[other] is not None else None
                same = other != kind and _sku(product, other) == sku
                if same and drift is not None and beside is not None and abs(beside) < abs(drift):
                    drift = None
            quantity = sum(
                (
                    Decimal(charge.line["quantity"])
                    for charge in judged
                    if _is_of(charge, product, kind) and charge.disposition in BILLED_OR_READY
                ),
                Decimal(0),
            )
            link = _link(product, sku, catalogue, given=given)
            item = catalogue.get(sku, {}) if given and sku is not None else {}
            entries.append(
                Entry(
                    product_id=product["product_id"],
                    product_name=product["name"],
                    charge_type=kind,
                    sku=sku,
                    routed_by=routes[kind],
                    link=link,
                    same_sku=None if sku is None else len(users[sku] - {product["product_id"]}),
                    layer_price=product[f"{kind}_price"],
                    affinity_price=item.get("price"),
                    drift=drift,
                    quantity=quantity,
                    drift_value=None if drift is None else drift * quantity,
                    closes_gate=_closes(link, drift, profile.get("price_book", {})),
                )
            )
    for code, item in catalogue.items():
        if given and code not in users:
            nothing = dict.fromkeys(Entry._fields)
            told = {"product_name": item["name"], "sku": code, "affinity_price": item["price"]}
            entries.append(Entry(**{**nothing, **told, "link": "unused", "closes_gate": False}))
    return entries


def _sku(product: Row, kind: str) -> str | None:
    if kind == "recurring" and product["external_sku_recurring"] is not None:
        return str(product["external_sku_recurring"])
    return product["external_sku"]


def _is_of(charge: Judged, product: Row, kind: str) -> bool:
    return (
        charge.product["product_id"] == product["product_id"]
        and charge.charge_type == kind
        and charge.route_kind == AFFINITY
    )


def _routed_by(product: Row, kind: str, settings: Settings, judged: Sequence[Judged]) -> str | None:
    route = product[f"{kind}_billing_route"]
    if route is not None and fold(route) in settings.platform_names:
        return "product"
    for charge in judged:
        if _is_of(charge, product, kind) and charge.disposition not in NOTHING_TO_BILL:
            return "line"
    return None


def _drift(product: Row, kind: str, catalogue: Mapping[str, Row]) -> Decimal | None:
    price, item = product[f"{kind}_price"], catalogue.get(_sku(product, kind) or "")
    if not price or item is None or item["price"] is None:
        return None
    return Decimal(price - item["price"])


def _link(product: Row, sku: str | None, catalogue: Mapping[str, Row], *, given: bool) -> str:
    if sku is None:
        return "pending" if product["is_custom"] else "unlinked"
    if not given:
        return "unchecked"
    if sku not in catalogue:
        return "unknown"
    return "inactive" if catalogue[sku]["is_active"] is False else "linked"


def _closes(link: str, drift: Decimal | None, gate: Mapping[str, Any]) -> bool:
    if gate.get("require_complete") and link in {"unlinked", "unknown", "inactive"}:
        return True
    limit = gate.get("max_price_drift")
    return limit is not None and drift is not None and abs(drift) > Decimal(limit)
