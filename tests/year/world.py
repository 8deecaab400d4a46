"""A reseller in The Layer for a year: its records as The Layer exports them.

Plain Python. A record is a row of text by column and is never changed in place: a change makes a
new row, so that yesterday's view of everything is a shallow copy. What happens is in `events`.
"""

import csv
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import TypeAlias

Row: TypeAlias = dict[str, str]
View: TypeAlias = Mapping[str, Mapping[str, Row]]  # feed, key, row

COLUMNS: dict[str, tuple[str, ...]] = {
    "customers": (
        *("customer_id", "name", "registered_name", "status", "integration_id", "vat_number"),
        *("email", "telephone", "bill_run", "payment_terms", "payment_method"),
    ),
    "sites": (
        *("site_id", "customer_id", "parent_site_id", "name", "site_ref", "is_default"),
        "integration_id",
    ),
    "addresses": (
        *("address_id", "customer_id", "site_id", "address_type", "line1", "line2", "line3"),
        *("town", "county", "postcode", "country"),
    ),
    "contacts": (
        *("contact_id", "customer_id", "site_id", "first_name", "last_name", "role", "email"),
        "telephone",
    ),
    "billing_platforms": ("name",),
    "products": (
        *("product_id", "name", "base_category", "item_type", "external_sku"),
        *("external_sku_recurring", "upfront_billing_route", "recurring_billing_route"),
        *("upfront_price", "recurring_price", "billing_frequency", "needs_cli", "fixed_billing"),
        "is_custom",
    ),
    "orders": ("order_id", "order_ref", "customer_id", "site_id", "status", "po_ref"),
    "order_lines": (
        *("line_id", "order_id", "product_id", "site_id", "asset_id", "converted_on", "action"),
        *("target_asset_id", "quantity", "upfront_price", "recurring_price"),
        *("recurring_billing_route", "upfront_bill_status", "recurring_bill_status"),
        *("upfront_do_not_bill", "recurring_do_not_bill", "do_not_bill_reason", "cli"),
        *("connected_on", "issued_on", "term_months"),
    ),
    "assets": (
        *("asset_id", "line_id", "customer_id", "site_id", "product_id", "cli", "is_live"),
        *("connection_on", "cease_on", "cease_reason", "quantity", "recurring_price"),
        *("do_not_bill", "parent_asset_id", "object_uid", "is_auto_renew"),
    ),
    "asset_numbers": ("asset_id", "cli", "range_end", "start_on", "end_on"),
    "application_links": ("application_name", "entity_type", "entity_id", "integration_id"),
    "affinity_products": ("product_code", "name", "is_active", "price"),
    "affinity_clis": ("site_ref", "cli", "start_on", "end_on"),
    "affinity_site_products": (
        *("object_uid", "site_ref", "cli", "product_code", "charge_type", "quantity"),
        *("unit_price", "start_on", "end_on", "row_key"),
    ),
    "affinity_cease_requests": ("OBJECTUID", "Completed On"),
}


class World:
    """Every record of The Layer as it is today."""

    def __init__(self, seed: int, start: date) -> None:
        """An empty Layer on the morning of `start`."""
        self.random = Random(seed)
        self.today = start
        self.feeds: dict[str, dict[str, Row]] = {feed: {} for feed in COLUMNS}
        self.line_of_asset: dict[str, str] = {}
        self._changed: dict[str, set[str]] = {feed: set() for feed in COLUMNS}
        self._serial: dict[str, int] = {}
        self._views: dict[date, View] = {}

    # Records

    def new_id(self, prefix: str) -> str:
        """The next id of a kind: C0001."""
        self._serial[prefix] = self._serial.get(prefix, 0) + 1
        return f"{prefix}{self._serial[prefix]:04d}"

    def add(self, feed: str, **values: object) -> Row:
        """A new record; its key is its first column, or its first two for numbers of an asset."""
        row = dict.fromkeys(COLUMNS[feed], "") | {
            name.replace("__", " "): _text(value) for name, value in values.items()
        }
        self._put(feed, row)
        return row

    def change(self, feed: str, key: str, **values: object) -> Row:
        """Change columns of a record."""
        row = self.feeds[feed][key] | {name: _text(value) for name, value in values.items()}
        self._put(feed, row)
        return row

    def _put(self, feed: str, row: Row) -> None:
        key = key_of(feed, row)
        self.feeds[feed][key] = row
        self._changed[feed].add(key)
        if feed == "assets" and row["asset_id"] not in self.line_of_asset:
            self.line_of_asset[row["asset_id"]] = row["line_id"]

    def replace(self, feed: str, rows: Iterable[Row]) -> None:
        """Another system's snapshot, in place of its last one."""
        self.feeds[feed] = {
            f"{number}": dict.fromkeys(COLUMNS[feed], "") | row for number, row in enumerate(rows)
        }
        self._changed[feed] = set(self.feeds[feed])

    # What others see

    def look(self) -> View:
        """Everything as it is now; later changes do not show in it."""
        return {feed: dict(rows) for feed, rows in self.feeds.items()}

    def write_feeds(self, folder: Path, *, full: bool) -> View:
        """Write what changed since the last time (or all of it), and return the view it gives."""
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.csv"):
            old.unlink()
        for feed, rows in self.feeds.items():
            changed = sorted(self._changed[feed])
            # a feed without a key is not merged: it comes whole
            whole = full or feed == "affinity_cease_requests"
            if full or changed:
                told = rows if whole else {key: rows[key] for key in changed}
                write_csv(folder / f"{feed}.csv", COLUMNS[feed], told.values())
            self._changed[feed].clear()
        self._views[self.today] = self.look()
        return self._views[self.today]

    def introduce(self, folder: Path) -> None:
        """Write what somebody who has to know customers and sites can learn them from."""
        folder.mkdir(parents=True, exist_ok=True)
        for feed in ("customers", "sites", "application_links"):
            write_csv(folder / f"{feed}.csv", COLUMNS[feed], self.feeds[feed].values())

    @property
    def views(self) -> dict[date, View]:
        """What every run saw, by its day."""
        return self._views

    # What comes back

    def take_back(self, file: str, row: Row) -> None:
        """Apply one row of the write-back, as The Layer's import would."""
        match file:
            case "layer_updates.csv":
                column = f"{row['charge_type']}_bill_status"
                self.change("order_lines", row["line_id"], **{column: row["new_status"]})
            case "customers.csv":
                self.change("customers", row["Customer Id"], integration_id=row["Integration Id"])
            case "application_links.csv":
                self.add(
                    "application_links",
                    application_name=row["Application Name"],
                    entity_type=row["Entity Type"],
                    entity_id=row["Entity Id"],
                    integration_id=row["Integration Id"],
                )
            case "assets.csv":
                asset = self.feeds["assets"][row["Asset Id"]]
                if not asset["cease_on"]:
                    self.change(
                        "assets",
                        row["Asset Id"],
                        cease_on=day_of(row["Cease Date"]),
                        cease_reason=row["Cease Reason"],
                    )

    def tomorrow(self) -> None:
        """The day is over; what was ceased by its end is not live any more."""
        self.today += timedelta(days=1)
        for asset_id, asset in list(self.feeds["assets"].items()):
            ceased = asset["cease_on"] and date.fromisoformat(asset["cease_on"]) < self.today
            if ceased and asset["is_live"] == "true":
                self.change("assets", asset_id, is_live=False)


def key_of(feed: str, row: Row) -> str:
    """What identifies a record of a feed."""
    match feed:
        case "asset_numbers" | "affinity_clis":
            return f"{row[COLUMNS[feed][0]]}|{row['cli']}"
        case "application_links":
            return f"{row['application_name']}|{row['entity_id']}"
    return row[COLUMNS[feed][0]]


def day_of(text: str) -> date:
    """A day as an import file writes it: ISO, or the British way."""
    if "/" in text:
        day, month, year = text.split("/")
        return date(int(year), int(month), int(day))
    return date.fromisoformat(text)


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> None:
    """A CSV with a heading."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        writer.writerows(rows)


def read_csv(path: Path) -> list[Row]:
    """The rows of a CSV; none if there is no such file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
