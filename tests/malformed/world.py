"""A small valid set of feeds, and the means to spoil any byte of it.

It knows the contract's feeds by heart and nothing of the product's code.
"""

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

AS_OF = "2026-03-31"

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "customers": (
        *("customer_id", "name", "registered_name", "status", "integration_id", "vat_number"),
        *("email", "telephone", "bill_run", "payment_terms", "payment_method", "modified_at"),
    ),
    "sites": (
        *("site_id", "customer_id", "parent_site_id", "name", "site_ref", "is_default"),
        *("integration_id", "modified_at"),
    ),
    "addresses": (
        *("address_id", "customer_id", "site_id", "address_type", "line1", "line2", "line3"),
        *("town", "county", "postcode", "country", "modified_at"),
    ),
    "contacts": (
        *("contact_id", "customer_id", "site_id", "first_name", "last_name", "role", "email"),
        *("telephone", "modified_at"),
    ),
    "billing_platforms": ("name",),
    "products": (
        *("product_id", "name", "base_category", "item_type", "external_sku"),
        *("external_sku_recurring", "upfront_billing_route", "recurring_billing_route"),
        *("upfront_price", "recurring_price", "billing_frequency", "needs_cli"),
        *("fixed_billing", "is_custom", "modified_at"),
    ),
    "orders": (
        *("order_id", "order_ref", "customer_id", "site_id", "status", "po_ref", "created_on"),
        "modified_at",
    ),
    "order_lines": (
        *("line_id", "order_id", "product_id", "site_id", "asset_id", "converted_on", "action"),
        *("target_asset_id", "quantity", "upfront_price", "recurring_price"),
        *("billing_frequency", "upfront_billing_route", "recurring_billing_route"),
        *("upfront_bill_status", "recurring_bill_status", "bill_start_override"),
        *("upfront_do_not_bill", "recurring_do_not_bill", "do_not_bill_reason", "cli"),
        *("connected_on", "issued_on", "term_months", "parent_line_id", "modified_at"),
    ),
    "assets": (
        *("asset_id", "line_id", "customer_id", "site_id", "product_id", "cli", "is_live"),
        *("connection_on", "expiry_on", "cease_on", "cease_reason", "quantity"),
        *("recurring_price", "upfront_billing_route", "recurring_billing_route", "do_not_bill"),
        *("parent_asset_id", "object_uid", "is_auto_renew", "modified_at"),
    ),
    "asset_numbers": ("asset_id", "cli", "range_end", "start_on", "end_on"),
    "quotation_lines": (
        *("quotation_line_id", "quotation_ref", "customer_id", "line_id", "product_id", "cli"),
        "modified_at",
    ),
    "application_links": ("application_name", "entity_type", "entity_id", "integration_id"),
    "affinity_products": ("product_code", "name", "is_active", "price"),
    "affinity_clis": ("site_ref", "cli", "start_on", "end_on"),
    "affinity_site_products": (
        *("object_uid", "site_ref", "cli", "product_code", "charge_type", "quantity"),
        *("unit_price", "start_on", "end_on", "row_key"),
    ),
    "affinity_cease_requests": ("OBJECTUID", "Completed On"),
}

REQUIRED_FEEDS = ("customers", "sites", "products", "orders", "order_lines", "assets")

# One line, L1, comes out with a ready recurring charge: converted, connected, linked and priced.
BASE: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "customers": (
        {
            "customer_id": "C1",
            "name": "Northbank Dental Care",
            "status": "Live",
            "integration_id": "AC-1001",
        },
        {"customer_id": "C2", "name": "Pell & Daughters", "status": "Pending"},
    ),
    "sites": (
        {
            "site_id": "S1",
            "customer_id": "C1",
            "name": "Head office",
            "is_default": "true",
            "integration_id": "AS-2001",
        },
    ),
    "products": (
        {
            "product_id": "P1",
            "name": "SIP channel",
            "base_category": "Voice",
            "item_type": "Service",
            "external_sku": "SKU-SIP",
            "recurring_billing_route": "Affinity",
            "recurring_price": "12.50",
            "billing_frequency": "Monthly",
            "needs_cli": "true",
        },
    ),
    "orders": (
        {
            "order_id": "O1",
            "order_ref": "SO-1",
            "customer_id": "C1",
            "site_id": "S1",
            "status": "Completed",
            "created_on": "2026-02-20",
        },
    ),
    "order_lines": (
        {
            "line_id": "L1",
            "order_id": "O1",
            "product_id": "P1",
            "site_id": "S1",
            "asset_id": "A1",
            "converted_on": "2026-03-02",
            "action": "New",
            "quantity": "2",
            "connected_on": "2026-03-02",
        },
    ),
    "assets": (
        {
            "asset_id": "A1",
            "line_id": "L1",
            "customer_id": "C1",
            "site_id": "S1",
            "product_id": "P1",
            "cli": "02079460001",
            "is_live": "true",
            "connection_on": "2026-03-02",
        },
    ),
    "affinity_products": (
        {"product_code": "SKU-SIP", "name": "SIP channel", "is_active": "true", "price": "12.50"},
    ),
}

# A further valid record of each feed; `{n}` is its row number.
SPARE: Mapping[str, Mapping[str, str]] = {
    "customers": {"customer_id": "C{n}", "name": "Customer {n}", "status": "Pending"},
    "sites": {"site_id": "S{n}", "customer_id": "C1", "name": "Branch {n}"},
    "addresses": {
        "address_id": "D{n}",
        "customer_id": "C1",
        "site_id": "S1",
        "line1": "{n} High Street",
        "postcode": "SW1A 1AA",
    },
    "contacts": {
        "contact_id": "K{n}",
        "customer_id": "C1",
        "site_id": "S1",
        "last_name": "Okafor",
    },
    "billing_platforms": {"name": "Platform {n}"},
    "products": {"product_id": "P{n}", "name": "Product {n}", "item_type": "Service"},
    "orders": {
        "order_id": "O{n}",
        "order_ref": "SO-{n}",
        "customer_id": "C1",
        "status": "In Progress",
    },
    "order_lines": {"line_id": "L{n}", "order_id": "O1", "product_id": "P1", "quantity": "1"},
    "assets": {"asset_id": "A{n}", "customer_id": "C1", "product_id": "P1", "is_live": "true"},
    "asset_numbers": {"asset_id": "A1", "cli": "020794610{n:02}"},
    "quotation_lines": {"quotation_line_id": "Q{n}", "product_id": "P1"},
    "application_links": {
        "application_name": "Affinity",
        "entity_type": "19",
        "entity_id": "E{n}",
        "integration_id": "AS-3{n:03}",
    },
    "affinity_products": {"product_code": "SKU-{n}"},
    "affinity_clis": {"site_ref": "AS-9001", "cli": "020794620{n:02}"},
    "affinity_site_products": {
        "object_uid": "U{n}",
        "site_ref": "AS-9001",
        "product_code": "SKU-SIP",
    },
    "affinity_cease_requests": {"OBJECTUID": "U9{n}", "Completed On": "2026-03-01"},
}

# The first column of each feed's key; feeds that have none are absent.
FIRST_KEY_COLUMN: Mapping[str, str] = {
    feed: next(iter(SPARE[feed]))
    for feed in COLUMNS
    if feed not in ("affinity_clis", "affinity_cease_requests")
}
COMPOSITE_KEY_FEEDS = ("asset_numbers", "application_links")


class Verbatim(str):
    """A cell written as it stands, without the quotes that it would need."""

    __slots__ = ()


Cell: TypeAlias = str | bytes
Record: TypeAlias = dict[str, Cell] | bytes


def spare_row(feed: str) -> int:
    """The row number of the first record that a case adds to the feed."""
    return len(BASE.get(feed, ())) + 1


def spare_record(feed: str, row: int) -> dict[str, Cell]:
    """A valid record of the feed that nothing else refers to."""
    return {column: value.format(n=row) for column, value in SPARE[feed].items()}


def spare_key(feed: str) -> str | None:
    """The record key that a reject of the first added record carries; None = not checked."""
    if feed in COMPOSITE_KEY_FEEDS:
        return None
    if feed not in FIRST_KEY_COLUMN:
        return ""
    return SPARE[feed][FIRST_KEY_COLUMN[feed]].format(n=spare_row(feed))


@dataclass
class Feed:
    """One feed, as it will be written."""

    columns: list[str]
    records: list[Record] = field(default_factory=list)
    # what the header says instead of the column's own name
    headers: dict[str, Cell] = field(default_factory=dict)
    encoding: str = "utf-8"
    line_end: str = "\n"
    quote_all: bool = False
    alterations: list[Callable[[bytes], bytes]] = field(default_factory=list)

    def rendered(self) -> bytes:
        """The bytes of the CSV file."""
        end = self.line_end.encode(self.encoding)
        header = [self.headers.get(column, column) for column in self.columns]
        lines = [self._line(header), *(self._record_line(record) for record in self.records)]
        content = b"".join(line + end for line in lines)
        for alter in self.alterations:
            content = alter(content)
        return content

    def table(self) -> pa.Table:
        """The records as a table of text, blanks null."""
        rows = [record for record in self.records if isinstance(record, dict)]
        return pa.table(
            {
                column: pa.array([row.get(column) or None for row in rows], pa.string())
                for column in self.columns
            }
        )

    def _record_line(self, record: Record) -> bytes:
        if isinstance(record, bytes):
            return record
        return self._line([record.get(column, "") for column in self.columns])

    def _line(self, cells: list[Cell]) -> bytes:
        if cells == [""]:
            return b'""'  # an empty line would be no record
        return b",".join(self._cell(cell) for cell in cells)

    def _cell(self, cell: Cell) -> bytes:
        if isinstance(cell, bytes):
            return cell
        if isinstance(cell, Verbatim):
            return cell.encode(self.encoding)
        if self.quote_all or any(mark in cell for mark in ',"\r\n'):
            cell = '"' + cell.replace('"', '""') + '"'
        return cell.encode(self.encoding)


class World:
    """A folder to be: profile, feeds, manifest. Valid until a case spoils it."""

    def __init__(self) -> None:
        self._feeds: dict[str, Feed] = {}
        self._files: dict[str, bytes] = {}
        self._manifest: dict[str, object] = {}
        self.feed_settings: dict[str, str] = {"path": '"feeds"', "max_reject_rate": "1.0"}
        self.further_sections = ""
        self.profile: bytes | None = None
        for name, records in BASE.items():
            self.feed(name).records.extend(dict(record) for record in records)

    def feed(self, name: str) -> Feed:
        """The feed of that name; from now on it is given, with its header at least."""
        return self._feeds.setdefault(name, Feed(columns=list(COLUMNS[name])))

    def add(self, name: str, /, **cells: Cell) -> int:
        """Add a record, valid but for `cells`; the row number it gets if no line is special."""
        feed = self.feed(name)
        row = len(feed.records) + 1
        self._know_columns(feed, cells)
        feed.records.append(spare_record(name, row) | cells)
        return row

    def change(self, name: str, row: int, /, **cells: Cell) -> None:
        """Change cells of an existing record."""
        feed = self.feed(name)
        record = feed.records[row - 1]
        assert isinstance(record, dict), "a raw line has no cells to change"
        self._know_columns(feed, cells)
        record.update(cells)

    def add_line(self, name: str, line: str | bytes) -> None:
        """Add a line as it stands, without its line end."""
        feed = self.feed(name)
        feed.records.append(line.encode(feed.encoding) if isinstance(line, str) else line)

    def drop_column(self, name: str, column: str) -> None:
        self.feed(name).columns.remove(column)

    def add_column(self, name: str, column: str, *, header: Cell | None = None) -> None:
        """Add a column, blank so far; `header` is its text when it is not its name."""
        feed = self.feed(name)
        feed.columns.append(column)
        if header is not None:
            feed.headers[column] = header

    def rename(self, name: str, column: str, header: Cell) -> None:
        """Let the header call a column something else."""
        self.feed(name).headers[column] = header

    def alter(self, name: str, alteration: Callable[[bytes], bytes]) -> None:
        """Alter the finished bytes of a feed's CSV file."""
        self.feed(name).alterations.append(alteration)

    def replace(self, name: str, content: bytes) -> None:
        """Give the feed a CSV file of just these bytes."""
        self.alter(name, lambda _: content)

    def without(self, name: str) -> None:
        """Leave the feed out."""
        self._feeds.pop(name, None)

    def file(self, name: str, content: bytes) -> None:
        """Lay another file into the feeds' folder."""
        self._files[name] = content

    def parquet(self, name: str, table: pa.Table | bytes) -> None:
        """Lay `<name>.parquet` there; the CSV file stays unless `without` removes it."""
        if isinstance(table, bytes):
            self._files[f"{name}.parquet"] = table
            return
        sink = io.BytesIO()
        pq.write_table(table, sink)
        self._files[f"{name}.parquet"] = sink.getvalue()

    def as_parquet(self, name: str, /, **columns: pa.Array) -> None:
        """Turn the feed into a Parquet file of text columns but for those given."""
        table = self.feed(name).table()
        for column, values in columns.items():
            if column in table.column_names:
                position = table.column_names.index(column)
                table = table.set_column(position, column, values)
            else:
                table = table.append_column(column, values)
        self.without(name)
        self.parquet(name, table)

    def vouch(self, name: str, /, **claims: object) -> None:
        """Name the feed in the manifest, truthfully but for `claims`.

        A claim of None leaves that entry out. The feed must be finished by now.
        """
        parquet = self._files.get(f"{name}.parquet")
        if parquet is not None:
            content, rows = parquet, pq.read_table(io.BytesIO(parquet)).num_rows
        elif name in self._feeds:
            content, rows = self._feeds[name].rendered(), len(self._feeds[name].records)
        else:
            content, rows = b"", 0
        truth: dict[str, object] = {"rows": rows, "sha256": hashlib.sha256(content).hexdigest()}
        self._manifest[name] = {
            entry: claim for entry, claim in (truth | claims).items() if claim is not None
        }

    def write(self, folder: Path) -> None:
        """Write `r2b.toml` and `feeds/`."""
        feeds = folder / "feeds"
        feeds.mkdir(parents=True)
        (folder / "r2b.toml").write_bytes(self.profile or self._profile_text().encode())
        for name, feed in self._feeds.items():
            (feeds / f"{name}.csv").write_bytes(feed.rendered())
        if self._manifest:
            (feeds / "manifest.json").write_text(json.dumps(self._manifest), encoding="utf-8")
        for name, content in self._files.items():
            (feeds / name).write_bytes(content)

    def _profile_text(self) -> str:
        settings = "\n".join(f"{key} = {value}" for key, value in self.feed_settings.items())
        tenant = '[tenant]\nname = "Corpus Telecom"\n'
        return f"{tenant}\n[feeds]\n{settings}\n\n{self.further_sections}\n"

    @staticmethod
    def _know_columns(feed: Feed, cells: Mapping[str, Cell]) -> None:
        feed.columns.extend(column for column in cells if column not in feed.columns)
