"""Valid rows by default: a test states only what it is about.

The product's own schemas give the types, so that a builder cannot drift from them; a word that is
no column of them is an error.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl

from schemas.charge import CHARGE_KEY, charge_content
from schemas.vocabulary import ChargeType
from tasks.changes import entities
from tasks.changes.terms import ChangeTerms
from tasks.ready_to_bill.charges import LINE_FACTS, charges_of
from tasks.ready_to_bill.judgement import CLAIM_SCHEMA, judge
from tasks.ready_to_bill.terms import Terms

AS_OF = date(2026, 3, 31)

VALID_LINE: dict[str, Any] = {
    "line_id": "L1",
    "order_ref": "SO-1",
    "order_status": "Completed",
    "customer_id": "C1",
    "customer_status": "Live",
    "customer_ref": "AC-1",
    "action": "New",
    "target_is_known": False,
    "product_id": "P1",
    "line_product_id": "P1",
    "reading": "new",
    "is_split": False,
    "product_name": "Line Rental",
    "item_type": "Service",
    "base_category": "Voice",
    "needs_cli": True,
    "upfront_sku": "SKU-1",
    "recurring_sku": "SKU-1",
    "upfront_sku_is_active": True,
    "recurring_sku_is_active": True,
    "quantity": 2,
    "upfront_unit_price": Decimal("10.0000"),
    "recurring_unit_price": Decimal("5.5000"),
    "frequency": "Monthly",
    "upfront_route": "Affinity",
    "recurring_route": "Affinity",
    "upfront_do_not_bill": False,
    "recurring_do_not_bill": False,
    "connected_on": date(2026, 3, 1),
    "named_asset_id": "A1",
    "assets_of_line": 0,
    "asset_id": "A1",
    "asset_customer_id": "C1",
    "asset_product_id": "P1",
    "asset_item_type": "Service",
    "asset_is_live": True,
    "asset_cli": "01204 600001",
    "connection_on": date(2026, 3, 1),
    "site_id": "S1",
    "site_customer_id": "C1",
    "site_refs": 1,
    "site_ref": "AS-1",
}
"""A converted, connected service whose two charges are ready; what is not named is null."""

NO_ASSET: dict[str, Any] = dict.fromkeys(
    (
        *("named_asset_id", "asset_id", "asset_customer_id", "asset_product_id"),
        *("asset_item_type", "asset_is_live", "asset_cli", "connection_on", "cease_on"),
    )
)
"""The line was never converted."""

GOODS: dict[str, Any] = {
    "item_type": "Product",
    "asset_item_type": "Product",
    "needs_cli": False,
    "issued_on": date(2026, 3, 2),
    "connected_on": None,
    "connection_on": None,
    "asset_cli": None,
    "recurring_unit_price": None,
}
"""Hardware that was issued: its upfront charge is ready, and it has no other."""

VALID_CLAIM: dict[str, Any] = {
    "charge_type": "recurring",
    "disposition": "ready",
    "site_id": "S1",
    "cli": "01204600001",
    "sku": "SKU-1",
    "bill_start_on": date(2026, 3, 1),
    "asset_item_type": "Service",
}

LIFE = pl.Schema(
    {
        "asset_id": pl.String(),
        "cli": pl.String(),
        "connection_on": pl.Date(),
        "cease_on": pl.Date(),
    }
)
ABOVE = pl.Schema({"asset_id": pl.String(), "other_id": pl.String()})


def frame(
    schema: pl.Schema, valid: dict[str, Any], rows: tuple[dict[str, Any], ...]
) -> pl.DataFrame:
    """One row of `schema` per dict: `valid`, but for what the dict says."""
    for row in rows:
        strangers = row.keys() - schema.keys()
        if strangers:
            raise KeyError(*strangers)
    return pl.DataFrame([{**valid, **row} for row in rows], schema=schema)


def entities_of(
    customers: pl.DataFrame, *others: pl.DataFrame, at_once: int = 1_000
) -> entities.Records:
    """What the changes of entities are found from, in batches of so many records."""
    batches = ([each.clear(), *each.iter_slices(at_once)] for each in (customers, *others))
    return entities.Records(customers.select(list(entities.NAMES)), *batches)


def found_of_entities(
    records: entities.Records, terms: ChangeTerms, *, is_first: bool = False
) -> dict[str, entities.Found]:
    """What is found, whole, by the name of the file."""
    pieces: dict[str, list[entities.Found]] = defaultdict(list)
    for file, found in entities.entity_changes(records, terms, is_first=is_first):
        pieces[file].append(found)
    return {
        file: entities.Found(*(pl.concat(frames) for frames in zip(*found, strict=True)))
        for file, found in pieces.items()
    }


def line(**overrides: Any) -> pl.DataFrame:
    """The facts of one order line, both charges ready but for `overrides`."""
    return lines(overrides)


def lines(*rows: dict[str, Any]) -> pl.DataFrame:
    """The facts of one order line per dict, numbered L1, L2, ... unless it says otherwise."""
    numbered = ({"line_id": f"L{number}", **row} for number, row in enumerate(rows, start=1))
    return frame(LINE_FACTS, VALID_LINE, tuple(numbered))


def terms(**overrides: Any) -> Terms:
    """The default profile as of AS_OF, with a catalogue given and the other platform Gamma."""
    return Terms(
        **{
            "as_of": AS_OF,
            "catalogue_given": True,
            "other_platforms": ("Gamma",),
            **overrides,
        }
    )


def claims(*rows: dict[str, Any]) -> pl.DataFrame:
    """One claim per dict: line L1 of asset A1, L2 of A2, ... on one CLI."""
    numbered = (
        {"line_id": f"L{number}", "asset_id": f"A{number}", **row}
        for number, row in enumerate(rows, start=1)
    )
    return frame(CLAIM_SCHEMA, VALID_CLAIM, tuple(numbered))


def lives(*rows: dict[str, Any]) -> pl.DataFrame:
    """One live root service asset per dict: A1, A2, ... on the claims' CLI, open at both ends."""
    numbered = ({"asset_id": f"A{number}", **row} for number, row in enumerate(rows, start=1))
    return frame(LIFE, {"cli": VALID_CLAIM["cli"]}, tuple(numbered))


def above(**other_of: str) -> pl.DataFrame:
    """One row per asset = the other asset that is above it, or that it replaces."""
    return pl.DataFrame(list(other_of.items()), schema=ABOVE, orient="row")


class Verdict(NamedTuple):
    """What was judged of one charge."""

    disposition: str
    holds: list[str]
    """Sorted."""
    waiting_reason: str | None
    bill_status: str


def verdict(
    facts: pl.DataFrame, on: Terms | None = None, charge_type: str = "recurring"
) -> Verdict:
    """Judge one line and look at one of its charges."""
    judgement = judge(facts, on or terms())
    charge = judgement.charges.filter(pl.col("charge_type") == charge_type)
    holds = judgement.holds.filter(pl.col("charge_type") == charge_type)
    disposition, waiting, status = charge.select(
        "disposition", "waiting_reason", "bill_status"
    ).row(0)
    return Verdict(disposition, sorted(holds["reason"]), waiting, status)


def charge(
    facts: pl.DataFrame, on: Terms | None = None, charge_type: str = "recurring"
) -> dict[str, Any]:
    """What is said of one charge before it is judged."""
    charges = charges_of(facts, on or terms())
    return charges.row(by_predicate=pl.col("charge_type") == charge_type, named=True)


def content(facts: pl.DataFrame, charge_type: str = "recurring") -> str:
    """What Affinity is told of one charge, as the ledger keeps what was refused."""
    charges = charges_of(facts, terms()).filter(pl.col("charge_type") == charge_type)
    return charges.select(charge_content()).item()


def keys(charges: pl.DataFrame) -> list[tuple[str, ChargeType]]:
    """The charges' keys, sorted."""
    return sorted(charges.select(CHARGE_KEY).iter_rows())
