"""Who invoices or bills each charge on a first day, in plain Python.

Source: domain notes section 3.2 and section 4, rows 1 and 10; `docs/contract-notes.md`, "Invoicing
in The Layer".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from tests.oracle.accepting import Accepted, Row
from tests.oracle.contracts import UPFRONT
from tests.oracle.judged import AFFINITY, ELSEWHERE, IN_LAYER, UNKNOWN, Judged
from tests.oracle.judging import Ledger, unmet
from tests.oracle.settings import Settings
from tests.oracle.values import UK_NUMBER, clean_cli


class Invoicing(NamedTuple):
    """One charge, as `mart.layer_invoiceable` shows it."""

    line_id: str
    charge_type: str
    class_: str
    may_invoice: bool
    is_due: bool | None
    reason: str | None
    value: Decimal | None


def invoicing(
    accepted: Accepted, settings: Settings, judged: Sequence[Judged], as_of: date
) -> list[Invoicing]:
    """The class of every charge; nothing was handed over before."""
    ledger = Ledger(accepted, settings)
    at_site: dict[tuple[str, str], list[Row]] = defaultdict(list)
    by_uid: dict[str, list[Row]] = defaultdict(list)
    for row in accepted.tables["affinity_site_products"]:
        at_site[row["site_ref"], row["product_code"]].append(row)
        by_uid[row["object_uid"]].append(row)
    found = []
    for charge in judged:
        waiting = unmet(charge, settings, as_of)
        name, reason = _class(charge, ledger, waiting)
        is_layers = charge.route_kind == IN_LAYER
        if is_layers and name in {"layer_due", "layer_waiting", "neither", "do_not_bill"}:
            there = at_site[charge.site_ref or "", charge.sku or ""]
            like = [row for row in there if _cli_there(row) == charge.cli]
            uid = charge.asset["object_uid"] if charge.asset is not None else None
            same = by_uid[uid] if uid is not None else []
            if any(_bills(row, charge, as_of) for row in (*like, *same)):
                name, reason = "both", "snapshot"
        may = (
            is_layers
            and charge.charge_type == UPFRONT
            and charge.disposition not in {"cancelled", "amendment", "not_applicable"}
            and not _is_do_not_bill(charge)
        )
        found.append(
            Invoicing(
                *charge.key, name, may, (waiting is None) if may else None, reason, charge.value
            )
        )
    return found


def _class(charge: Judged, ledger: Ledger, waiting: str | None) -> tuple[str, str | None]:
    upfront, kind = charge.charge_type == UPFRONT, charge.route_kind
    if charge.disposition == "in_billing":
        if kind == IN_LAYER:
            return "both", "feed"
        if kind == AFFINITY:
            own = charge.line["upfront_billing_route"] or charge.product["upfront_billing_route"]
            if upfront and ledger.route_kind(own) == IN_LAYER:
                return "may_be_both", "route_moved"
            return "affinity", "feed"
        return {ELSEWHERE: "other_platform", UNKNOWN: "unknown_route"}[kind], "feed"
    named = {"cancelled": "cancelled", "amendment": "amendment", "not_applicable": "no_charge"}
    if charge.disposition in named:
        return named[charge.disposition], None
    if kind == UNKNOWN:
        return "unknown_route", None
    if kind == ELSEWHERE:
        return "other_platform", None
    if _is_do_not_bill(charge):
        return "do_not_bill", None
    if kind == AFFINITY:
        return "affinity_to_come", None
    if not upfront:
        return "neither", "recurring"
    return ("layer_due", None) if waiting is None else ("layer_waiting", waiting)


def _is_do_not_bill(charge: Judged) -> bool:
    of_asset = charge.asset is not None and charge.asset["do_not_bill"]
    return bool(charge.line[f"{charge.charge_type}_do_not_bill"] or of_asset)


def _cli_there(row: Row) -> str | None:
    return clean_cli(row["cli"], UK_NUMBER)[0] or row["cli"]


def _bills(row: Row, charge: Judged, as_of: date) -> bool:
    """Whether a thing Affinity shows is billed there now, as a charge of this type."""
    if row["charge_type"] not in {None, charge.charge_type}:
        return False
    start, end = row["start_on"], row["end_on"]
    if end is None:
        return True
    if start is not None and end <= start:
        return False
    return charge.charge_type == UPFRONT or end >= as_of
