"""The bytes of the CLI file and the product file, and their row keys.

Source: contract section 4, rulings 19 to 21. Default layout only.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from tests.oracle.accepting import Row
from tests.oracle.judged import Judged, product_content, uk_day
from tests.oracle.values import NONE, UK_NUMBER, clean_cli, cli_type

CLI_FILE = "06_clis.csv"
PRODUCT_FILE = "08_products.csv"

CLI_HEADER = (
    "Customer Ref",
    "Site Ref",
    "CLI",
    "Action",
    "CLI Type",
    "Range End",
    "Start Date",
    "End Date",
    "Previous CLI",
    "Layer Asset ID",
    "Row Key",
)
PRODUCT_HEADER = (
    "Customer Ref",
    "Site Ref",
    "CLI",
    "Product Code",
    "Charge Type",
    "Action",
    "Description",
    "Quantity",
    "Unit Price",
    "Frequency",
    "Bill Start Date",
    "Bill End Date",
    "Term Months",
    "Order Ref",
    "PO Ref",
    "Layer Line ID",
    "Layer Asset ID",
    "Row Key",
)
_CLI_ORDER = ("Customer Ref", "Site Ref", "CLI", "Row Key")
_PRODUCT_ORDER = (
    "Customer Ref",
    "Site Ref",
    "CLI",
    "Product Code",
    "Charge Type",
    "Layer Line ID",
    "Row Key",
)


def row_key(*parts: str) -> str:
    """First 32 hex digits of SHA-256 of the parts joined by `|`."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


def product_key(tenant: str, line_id: str, charge_type: str) -> str:
    """Row key of a product ADD."""
    return row_key(tenant, "product", line_id, charge_type, "add")


def cli_key(tenant: str, site_ref: str, cli: str, start: date) -> str:
    """Row key of a CLI ADD."""
    return row_key(tenant, "cli", site_ref, cli, "add", start.isoformat())


def quote(cell: str) -> str:
    """A cell, quoted only where needed."""
    if any(character in cell for character in ',"\r\n'):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def render(header: Sequence[str], rows: Iterable[Sequence[str]], order: Sequence[str]) -> bytes:
    """A whole file: CRLF, UTF-8, rows sorted by bytes on the `order` columns."""
    places = [header.index(name) for name in order]
    ordered = sorted(rows, key=lambda row: [row[place].encode() for place in places])
    lines = [",".join(map(quote, row)) for row in (header, *ordered)]
    return "".join(line + "\r\n" for line in lines).encode()


def product_file(ready: Iterable[Judged], tenant: str) -> bytes:
    """`08_products.csv`: one row per ready charge."""
    rows = [
        (*product_content(charge), product_key(tenant, charge.line["line_id"], charge.charge_type))
        for charge in ready
    ]
    return render(PRODUCT_HEADER, rows, _PRODUCT_ORDER)


@dataclass(slots=True)
class CliRow:
    """One row of the CLI file, keyed outside by (site ref, CLI)."""

    customer_ref: str
    kind: str
    start: date
    asset_id: str | None
    range_end: str | None = None
    end: date | None = None


@dataclass
class LiveClis:
    """What is live already: by our ledger, or at Affinity until some day (section 4, CLI row)."""

    by_ledger: frozenset[tuple[str, str]]
    until: dict[tuple[str, str], date] = field(default_factory=dict)

    @classmethod
    def read(cls, by_ledger: frozenset[tuple[str, str]], rows: Iterable[Row]) -> LiveClis:
        """From the ledger and the accepted rows of `affinity_clis` (ruling 8)."""
        live = cls(by_ledger)
        for row in rows:
            cleaned, _ = clean_cli(row["cli"], UK_NUMBER)
            place = row["site_ref"], cleaned or row["cli"]
            until = row["end_on"] or date.max
            live.until[place] = max(until, live.until.get(place, date.min))
        return live

    def has(self, place: tuple[str, str], start: date) -> bool:
        """True when the CLI is live at the site on or after `start`."""
        until = self.until.get(place)
        return place in self.by_ledger or (until is not None and until >= start)


def cli_rows(
    ready: Sequence[Judged],
    numbers: Iterable[Row],
    live: LiveClis,
) -> dict[tuple[str, str], CliRow]:
    """The ADD rows that the batch needs, by (site ref, CLI)."""
    needed = _needed(ready)
    rows = {place: row for place, row in needed.items() if not live.has(place, row.start)}
    in_file = frozenset(rows)
    for place, number in _additional(ready, needed, numbers):
        if place in in_file:
            if rows[place].range_end is None:
                rows[place].range_end = number.range_end
        elif place not in rows and not live.has(place, number.start):
            rows[place] = number
    return rows


def _needed(ready: Iterable[Judged]) -> dict[tuple[str, str], CliRow]:
    """One row per (site ref, CLI) of a ready charge, live already or not (ruling 19)."""
    needed: dict[tuple[str, str], CliRow] = {}
    for charge in ready:
        site_ref, start = charge.site_ref, charge.bill_start_on
        if charge.cli is None or site_ref is None or start is None:
            continue
        customer_ref = charge.customer["integration_id"]
        asset_id = charge.asset["asset_id"] if charge.asset is not None else None
        kind = cli_type(charge.cli, charge.profile)
        row = needed.setdefault((site_ref, charge.cli), CliRow(customer_ref, kind, start, asset_id))
        row.start = min(row.start, start)
        row.customer_ref = min(row.customer_ref, customer_ref)
        row.asset_id = min((a for a in (row.asset_id, asset_id) if a is not None), default=None)
        if charge.profile == UK_NUMBER:
            row.kind = kind
    return needed


def _additional(
    ready: Sequence[Judged],
    needed: dict[tuple[str, str], CliRow],
    numbers: Iterable[Row],
) -> list[tuple[tuple[str, str], CliRow]]:
    """Additional numbers of assets with a ready charge, the winner of a place first (ruling 20)."""
    by_asset: dict[str, list[Row]] = defaultdict(list)
    for number in numbers:
        if number.get("profile", NONE) != NONE:
            by_asset[number["asset_id"]].append(number)
    found: list[tuple[tuple[str, str], CliRow]] = []
    starts = _starts_without_cli(ready)
    for charge in ready:
        site_ref = charge.site_ref
        if charge.asset is None or site_ref is None:
            continue
        asset_id = charge.asset["asset_id"]
        for number in by_asset.get(asset_id, []):
            hung_on = needed.get((site_ref, charge.cli)) if charge.cli is not None else None
            fallback = hung_on.start if hung_on is not None else starts[site_ref, asset_id]
            row = CliRow(
                customer_ref=charge.customer["integration_id"],
                kind=cli_type(number["clean_cli"], number["profile"]),
                start=number["start_on"] or fallback,
                asset_id=asset_id,
                range_end=number["clean_end"],
                end=number["end_on"],
            )
            found.append(((site_ref, number["clean_cli"]), row))
    return sorted(found, key=_precedence)


def _precedence(candidate: tuple[tuple[str, str], CliRow]) -> tuple[object, ...]:
    """Which of several rows for one place wins: earliest, smallest asset, one with a range."""
    place, row = candidate
    return (
        place,
        row.start,
        row.asset_id or "",
        row.range_end is None,
        row.range_end or "",
        row.end or date.max,
        row.customer_ref,
        row.kind,
    )


def _starts_without_cli(ready: Iterable[Judged]) -> dict[tuple[str, str], date]:
    """The earliest bill start of an asset's ready charges at a site, for numbers on no CLI."""
    starts: dict[tuple[str, str], date] = {}
    for charge in ready:
        if charge.asset is None or charge.site_ref is None or charge.bill_start_on is None:
            continue
        place = charge.site_ref, charge.asset["asset_id"]
        starts[place] = min(charge.bill_start_on, starts.get(place, date.max))
    return starts


def cli_file(rows: dict[tuple[str, str], CliRow], tenant: str) -> bytes:
    """`06_clis.csv`: one row per (site ref, CLI) to add."""
    cells = [
        (
            row.customer_ref,
            site_ref,
            cli,
            "ADD",
            row.kind,
            row.range_end or "",
            uk_day(row.start),
            uk_day(row.end),
            "",
            row.asset_id or "",
            cli_key(tenant, site_ref, cli, row.start),
        )
        for (site_ref, cli), row in rows.items()
    ]
    return render(CLI_HEADER, cells, _CLI_ORDER)
