"""What a batch must say of customers, sites, addresses, contacts and new products.

Plain records and plain ifs, one after the other; nothing of the product is used.
Source: contract section 4 (files 01 to 05), rulings 13 and 24.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
Key = tuple[str, str]
"""File and The Layer's id."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "customers": (
        *("*customer", "customer_id", "name", "registered_name", "status", "vat_number"),
        *("email", "telephone", "bill_run", "payment_terms", "payment_method", "*action"),
    ),
    "sites": (
        *("*site", "site_id", "*customer", "customer_id", "parent_site_id", "name", "site_ref"),
        *("is_default", "*action"),
    ),
    "addresses": (
        *("address_id", "customer_id", "site_id", "address_type", "line1", "line2", "line3"),
        *("town", "county", "postcode", "country", "*action"),
    ),
    "contacts": (
        *("contact_id", "customer_id", "site_id", "first_name", "last_name", "role", "email"),
        *("telephone", "*action"),
    ),
}
"""Columns of the file, in order, by the feed's names; a star marks what is not the feed's."""

IDS = {
    "customers": "customer_id",
    "sites": "site_id",
    "addresses": "address_id",
    "contacts": "contact_id",
}


@dataclass
class Page:
    """What is known of one record in Affinity."""

    told: list[str | None] | None = None
    taken: int = 0
    ref: str | None = None
    refused: list[str | None] | None = None
    on_its_way: bool = False


@dataclass
class Telling:
    """What the next batch says, what waits and why, what Affinity has already."""

    rows: dict[Key, tuple[str, list[str | None]]] = field(default_factory=dict)
    holds: set[tuple[str, str, str]] = field(default_factory=set)
    baseline: dict[Key, list[str | None]] = field(default_factory=dict)


def tell(
    tables: Mapping[str, Iterable[Row]],
    book: Mapping[Key, Page],
    *,
    platforms: Iterable[str] = ("affinity", "aurora affinity"),
    is_first: bool,
) -> Telling:
    """Go through all records, parents first.

    Args:
        tables: accepted records of `customers`, `sites`, `addresses`, `contacts`,
            `application_links`.
        book: what is known of each.
        platforms: names of Affinity in the links, in lower case.
        is_first: no run has looked before.
    """
    return _Teller(tables, book, tuple(platforms), is_first=is_first).tell()


class _Teller:
    def __init__(
        self,
        tables: Mapping[str, Iterable[Row]],
        book: Mapping[Key, Page],
        platforms: tuple[str, ...],
        *,
        is_first: bool,
    ) -> None:
        self.tables = {name: list(rows) for name, rows in tables.items()}
        self.book, self.platforms, self.is_first = book, platforms, is_first
        self.customers = {row["customer_id"]: row for row in self.tables["customers"]}
        self.sites = {row["site_id"]: row for row in self.tables["sites"]}
        self.out = Telling()

    def tell(self) -> Telling:
        for row in self.tables["customers"]:
            self._customer(row)
        # a parent that goes along sorts first, so the order of the file decides
        for site_id in sorted(self.sites, key=lambda text: text.encode()):
            self._site(self.sites[site_id])
        for file in ("addresses", "contacts"):
            for row in self.tables[file]:
                self._hanger_on(file, row)
        return self.out

    def page(self, file: str, layer_id: str) -> Page:
        return self.book.get((file, layer_id), Page())

    # refs

    def customer_ref(self, customer_id: str) -> str | None:
        return (
            self.customers[customer_id]["integration_id"] or self.page("customers", customer_id).ref
        )

    def feed_refs(self, site_id: str) -> set[str]:
        refs = {self.sites[site_id]["integration_id"]}
        for link in self.tables["application_links"]:
            if (
                link["entity_type"] == 19
                and link["entity_id"] == site_id
                and link["application_name"].lower() in self.platforms
            ):
                refs.add(link["integration_id"])
        return {ref for ref in refs if ref}

    def site_refs(self, site_id: str) -> set[str]:
        learnt = self.page("sites", site_id).ref
        return self.feed_refs(site_id) | ({learnt} if learnt else set())

    def cancelled(self, row: Row) -> bool:
        return bool(self.customers[row["customer_id"]]["status"] == "Cancelled")

    # parents

    def customer_stands(self, customer_id: str) -> bool:
        return (
            self.customer_ref(customer_id) is not None
            or self.page("customers", customer_id).taken > 0
            or ("customers", customer_id) in self.out.rows
        )

    def site_stands(self, site_id: str) -> bool:
        if site_id not in self.sites:
            return False
        return (
            len(self.site_refs(site_id)) == 1
            or self.page("sites", site_id).taken > 0
            or ("sites", site_id) in self.out.rows
        )

    # rows

    def cells(self, file: str, row: Row, action: str | None) -> list[str | None]:
        said: list[str | None] = []
        for column in COLUMNS[file]:
            if column == "*customer":
                said.append(self.customer_ref(row["customer_id"]))
            elif column == "*site":
                refs = self.site_refs(row["site_id"])
                said.append(min(refs) if len(refs) == 1 else None)
            elif column == "*action":
                said.append(action)
            elif column == "is_default":
                said.append("true" if row[column] else "false")
            else:
                said.append(row[column])
        return said

    def differs(self, file: str, row: Row, told: list[str | None]) -> bool:
        now = self.cells(file, row, None)
        return any(
            before != after
            for column, before, after in zip(COLUMNS[file], told, now, strict=True)
            if not column.startswith("*")
        )

    def decide(self, file: str, row: Row, *, linked: bool, conflict: bool = False) -> str | None:
        """ADD, UPDATE or nothing; what is there already is written down."""
        key = (file, row[IDS[file]])
        page = self.page(*key)
        if page.on_its_way:
            return None
        if page.told is None and linked:
            self.out.baseline[key] = self.cells(file, row, None)
            return None
        if page.told is None:
            return None if self.cancelled(row) else "ADD"
        if (linked or conflict) and self.differs(file, row, page.told):
            return "UPDATE"
        return None

    def settle(self, file: str, row: Row, action: str | None, reasons: list[str]) -> None:
        if action is None:
            return
        key = (file, row[IDS[file]])
        cells = self.cells(file, row, action)
        if self.page(*key).refused == cells:
            reasons = [*reasons, "affinity_rejected"]
        if reasons:
            self.out.holds |= {(*key, reason) for reason in reasons}
        else:
            self.out.rows[key] = (action, cells)

    # kinds

    def _customer(self, row: Row) -> None:
        customer_id = row["customer_id"]
        action = self.decide("customers", row, linked=self.customer_ref(customer_id) is not None)
        told = self.page("customers", customer_id).told
        place = COLUMNS["customers"].index("name")
        is_named_anew = told is None or told[place] != row["name"]
        namesakes = [
            other
            for other in self.tables["customers"]
            if other["customer_id"] != customer_id
            and other["status"] != "Cancelled"
            and " ".join(other["name"].split()).lower() == " ".join(row["name"].split()).lower()
        ]
        self.settle(
            "customers", row, action, ["duplicate_name"] if is_named_anew and namesakes else []
        )

    def _site(self, row: Row) -> None:
        site_id, parent = row["site_id"], row["parent_site_id"]
        refs = self.site_refs(site_id)
        action = self.decide("sites", row, linked=len(refs) == 1, conflict=len(refs) > 1)
        reasons = []
        if len(refs) > 1:
            reasons.append("site_link_conflict")
        if not self.customer_stands(row["customer_id"]) or (
            parent is not None and not self.site_stands(parent)
        ):
            reasons.append("parent_missing")
        self.settle("sites", row, action, reasons)

    def _hanger_on(self, file: str, row: Row) -> None:
        customer_id, site_id = row["customer_id"], row["site_id"]
        told = self.page(file, row[IDS[file]]).told
        is_old = (
            self.is_first
            and self.customers[customer_id]["integration_id"] is not None
            and (site_id is None or len(self.feed_refs(site_id)) == 1)
        )
        action = self.decide(file, row, linked=told is not None or is_old)
        stands = self.customer_stands(customer_id) and (
            site_id is None or self.site_stands(site_id)
        )
        self.settle(file, row, action, [] if stands else ["parent_missing"])
