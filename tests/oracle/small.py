"""A world of one line that is ready in both charges; a test states only what it changes."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

Cells = Mapping[str, str]

CUSTOMER = {"customer_id": "C1", "name": "Bolton Bakers", "status": "Live", "integration_id": "CR"}
SITE = {"site_id": "S1", "customer_id": "C1", "name": "Head Office", "integration_id": "S-REF"}
PRODUCT = {
    "product_id": "P1",
    "name": "Line Rental",
    "base_category": "Voice",
    "item_type": "Service",
    "external_sku": "SKU1",
    "upfront_billing_route": "Affinity",
    "recurring_billing_route": "Affinity",
    "upfront_price": "10",
    "recurring_price": "5.5",
    "billing_frequency": "Monthly",
    "needs_cli": "true",
}
ORDER = {
    "order_id": "O1",
    "order_ref": "SO-1",
    "customer_id": "C1",
    "site_id": "S1",
    "status": "Completed",
}
LINE = {
    "line_id": "L1",
    "order_id": "O1",
    "product_id": "P1",
    "asset_id": "A1",
    "quantity": "2",
    "connected_on": "2026-03-01",
}
ASSET = {
    "asset_id": "A1",
    "line_id": "L1",
    "customer_id": "C1",
    "product_id": "P1",
    "cli": "01204 600001",
    "is_live": "true",
    "connection_on": "2026-03-01",
}


def small_world(
    folder: Path,
    *,
    customer: Cells | None = None,
    site: Cells | None = None,
    product: Cells | None = None,
    order: Cells | None = None,
    line: Cells | None = None,
    asset: Cells | None = None,
    more: Mapping[str, Sequence[Cells]] | None = None,
    without_asset: bool = False,
    raw: Mapping[str, bytes] | None = None,
) -> Path:
    """Write the world's files and say where.

    Args:
        folder: where the feeds go.
        customer, site, product, order, line, asset: cells laid over the good ones.
        more: further rows by feed; a row of a feed of the good world starts empty, not good.
        without_asset: leave A1 out.
        raw: files written as they are, by file name, over what the rest would give.
    """
    feeds: dict[str, list[dict[str, str]]] = {
        "customers": [{**CUSTOMER, **(customer or {})}],
        "sites": [{**SITE, **(site or {})}],
        "products": [{**PRODUCT, **(product or {})}],
        "orders": [{**ORDER, **(order or {})}],
        "order_lines": [{**LINE, **(line or {})}],
        "assets": [] if without_asset else [{**ASSET, **(asset or {})}],
    }
    for name, rows in (more or {}).items():
        feeds.setdefault(name, []).extend(dict(row) for row in rows)
    for name, written in feeds.items():
        header = list(dict.fromkeys([*(ASSET if name == "assets" else ()), *_fields(written)]))
        (folder / f"{name}.csv").write_bytes(csv_bytes(header, written))
    for file_name, data in (raw or {}).items():
        (folder / file_name).write_bytes(data)
    return folder


def _fields(rows: Sequence[Cells]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def csv_bytes(header: Sequence[str], rows: Sequence[Cells]) -> bytes:
    """A CSV file with LF line ends; absent cells are blank."""
    buffer = StringIO()
    writer = csv.DictWriter(buffer, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()
