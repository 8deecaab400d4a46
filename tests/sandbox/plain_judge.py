"""Sections 2 and 3 of the contract in plain Python, row by row: slow, short, and nobody's import.

Enough of the rules to count what a folder of sample feeds holds. It reads the feeds as a stranger
would: aliases, bad bytes and all.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

Row = dict[str, str]

ALIASES: Final = {
    "order_lines": {
        "billingstartdateoverride": "bill_start_override",
        "connecteddate": "connected_on",
        "issuedate": "issued_on",
        "msisdn": "cli",
    },
    "assets": {
        "ctn": "cli",
        "connectiondate": "connection_on",
        "expirydate": "expiry_on",
        "ceasedate": "cease_on",
        "live": "is_live",
    },
    "asset_numbers": {"ddirangestart": "cli", "ddirangeend": "range_end"},
    "quotation_lines": {"billingid": "cli"},
    "sites": {"siteintegrationid": "integration_id"},
    "products": {"sku": "external_sku"},
}
_E: Final = {
    "live": {"pending", "live", "cancelled"},
    "item": {"service", "product"},
    "freq": {"monthly", "quarterly", "annual"},
    "action": {"new", "update", "new & cease"},
    "status": {"not billed", "ready to bill", "in billing"},
    "charge": {"upfront", "recurring"},
}
# column: kind, * required; kinds: s d m i b q, or the name of an enumeration
COLUMNS: Final[dict[str, dict[str, str]]] = {
    "customers": {"customer_id": "s*", "name": "s*", "status": "live*", "integration_id": "s"},
    "sites": {"site_id": "s*", "customer_id": "s*", "name": "s*", "is_default": "b"},
    "products": {
        "product_id": "s*",
        "name": "s*",
        "item_type": "item*",
        "upfront_price": "m",
        "recurring_price": "m",
        "billing_frequency": "freq",
        "needs_cli": "b",
        "fixed_billing": "b",
        "is_custom": "b",
    },
    "orders": {
        "order_id": "s*",
        "order_ref": "s*",
        "customer_id": "s*",
        "status": "s*",
        "created_on": "d",
    },
    "order_lines": {
        "line_id": "s*",
        "order_id": "s*",
        "product_id": "s*",
        "converted_on": "d",
        "action": "action",
        "quantity": "q*",
        "upfront_price": "m",
        "recurring_price": "m",
        "billing_frequency": "freq",
        "upfront_bill_status": "status",
        "recurring_bill_status": "status",
        "bill_start_override": "d",
        "upfront_do_not_bill": "b",
        "recurring_do_not_bill": "b",
        "connected_on": "d",
        "issued_on": "d",
        "term_months": "i",
    },
    "assets": {
        "asset_id": "s*",
        "customer_id": "s*",
        "product_id": "s*",
        "is_live": "b*",
        "connection_on": "d",
        "expiry_on": "d",
        "cease_on": "d",
        "do_not_bill": "b",
        "is_auto_renew": "b",
    },
    "addresses": {"address_id": "s*", "customer_id": "s*", "line1": "s*", "postcode": "s*"},
    "contacts": {"contact_id": "s*", "customer_id": "s*", "last_name": "s*"},
    "billing_platforms": {"name": "s*"},
    "asset_numbers": {"asset_id": "s*", "cli": "s*", "start_on": "d", "end_on": "d"},
    "quotation_lines": {"quotation_line_id": "s*", "product_id": "s*"},
    "application_links": {
        "application_name": "s*",
        "entity_type": "i*",
        "entity_id": "s*",
        "integration_id": "s*",
    },
    "affinity_products": {"product_code": "s*", "is_active": "b", "price": "m"},
    "affinity_clis": {"site_ref": "s*", "cli": "s*", "start_on": "d", "end_on": "d"},
    "affinity_site_products": {
        "object_uid": "s*",
        "site_ref": "s*",
        "product_code": "s*",
        "charge_type": "charge*",
        "start_on": "d",
        "end_on": "d",
    },
    "affinity_cease_requests": {"objectuid": "s*", "completed_on": "d"},
}
KEYS: Final = {
    "customers": ("customer_id",),
    "sites": ("site_id",),
    "products": ("product_id",),
    "orders": ("order_id",),
    "order_lines": ("line_id",),
    "assets": ("asset_id",),
    "addresses": ("address_id",),
    "contacts": ("contact_id",),
    "billing_platforms": ("name",),
    "asset_numbers": ("asset_id", "cli"),
    "quotation_lines": ("quotation_line_id",),
    "application_links": ("application_name", "entity_type", "entity_id"),
    "affinity_products": ("product_code",),
    "affinity_clis": (),
    "affinity_site_products": ("object_uid",),
    "affinity_cease_requests": (),
}
REFERENCES: Final = {
    "sites": {"customer_id": "customers"},
    "addresses": {"customer_id": "customers", "site_id": "sites"},
    "contacts": {"customer_id": "customers", "site_id": "sites"},
    "orders": {"customer_id": "customers", "site_id": "sites"},
    "order_lines": {"order_id": "orders", "product_id": "products", "site_id": "sites"},
    "assets": {"customer_id": "customers", "site_id": "sites", "product_id": "products"},
    "asset_numbers": {"asset_id": "assets"},
}
_DATE: Final = re.compile(r"(\d{4}-\d\d-\d\d)([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?")
_MONEY: Final = re.compile(r"(-?£?|£-)(\d{1,3}(,\d{3})+|\d+)(\.\d{1,4})?")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
TRUE: Final = {"true", "yes", "y", "1"}
FALSE: Final = {"false", "no", "n", "0"}


@dataclass
class Feeds:
    """Accepted rows, rejects as (feed, reason), and what each feed read."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    rejects: Counter[tuple[str, str]] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Facts:
    """A ready charge as Affinity would be told of it."""

    line_id: str
    charge: str
    asset_id: str
    customer_ref: str
    site_ref: str
    cli: str | None
    cli_is_live: bool
    sku: str
    name: str
    quantity: str
    price: Decimal
    frequency: str
    start: str
    cease: str


@dataclass
class Judgement:
    """Each charge's disposition and reasons, by (line, charge type)."""

    dispositions: dict[tuple[str, str], str] = field(default_factory=dict)
    ready: list[Facts] = field(default_factory=list)
    waiting: Counter[str] = field(default_factory=Counter)
    holds: Counter[str] = field(default_factory=Counter)


def _plain(heading: str) -> str:
    return re.sub(r"[\s_-]", "", heading).lower()


def read_feed(folder: Path, feed: str) -> Iterator[Row | None]:
    """Records of a feed under the contract's names; None for a ragged one."""
    names = {_plain(name): name for name in COLUMNS[feed]}
    names |= ALIASES.get(feed, {})
    path = folder / f"{feed}.csv"
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file)
        heading = [names.get(_plain(name), name) for name in next(reader)]
        for cells in reader:
            yield (dict(zip(heading, cells, strict=True)) if len(cells) == len(heading) else None)


def _fault(text: str, kind: str) -> str | None:
    if any("\udc80" <= c <= "\udcff" for c in text):
        return "bad_encoding"
    if _CONTROL.search(text):
        return "bad_text"
    text = text.strip()
    if not text:
        return "missing_value" if kind.endswith("*") else None
    match kind.rstrip("*"):
        case "s":
            return None
        case "d":
            return None if _is_date(text) else "bad_date"
        case "m":
            if not _MONEY.fullmatch(text):
                return "bad_number"
            return "negative_price" if "-" in text else None
        case "i":
            return None if re.fullmatch(r"-?\d+", text) else "bad_number"
        case "q":
            return None if re.fullmatch(r"\d+", text) and int(text) > 0 else "bad_quantity"
        case "b":
            return None if text.lower() in TRUE | FALSE else "bad_boolean"
        case name:
            return None if text.lower() in _E[name] else "unknown_value"


def _is_date(text: str) -> bool:
    match = _DATE.fullmatch(text)
    if match is None:
        return False
    try:
        date.fromisoformat(match[1])
    except ValueError:
        return False
    return True


def read_feeds(folder: Path) -> Feeds:
    """All feeds of a folder, judged against the contract in the order of their references."""
    feeds = Feeds()
    keys: dict[str, set[str]] = {}
    for feed, kinds in COLUMNS.items():
        rows = list(read_feed(folder, feed))
        feeds.read[feed] = len(rows)
        count = Counter(_key(feed, row) for row in rows if row is not None)
        kept = []
        for row in rows:
            reasons = ["ragged_row"] if row is None else []
            if row is not None:
                faults = (_fault(text, kinds.get(name, "s")) for name, text in row.items())
                reasons += [fault for fault in faults if fault]
                key = _key(feed, row)
                if key and count[key] > 1:
                    reasons.append("duplicate_key")
                for column, parent in REFERENCES.get(feed, {}).items():
                    if row[column].strip() and row[column].strip() not in keys[parent]:
                        reasons.append("unknown_reference")
                if feed == "asset_numbers" and not reasons and not _is_range(row):
                    reasons.append("bad_range")
            for reason in reasons:
                feeds.rejects[feed, reason] += 1
            if reasons or row is None:
                feeds.rejected[feed] += 1
            else:
                kept.append({name: text.strip() for name, text in row.items()})
        feeds.rows[feed] = kept
        keys[feed] = {_key(feed, row)[0] for row in kept if KEYS[feed]}
    return feeds


def _key(feed: str, row: Row) -> tuple[str, ...]:
    return tuple(row[column].strip() for column in KEYS[feed])


def _is_range(row: Row) -> bool:
    first, last = row["cli"], row["range_end"]
    if not first.isdigit():
        return False
    if not last:
        return True
    within = last.isdigit() and len(first) == len(last) and first < last
    return within and int(last) - int(first) + 1 <= 501


def clean_cli(raw: str, profile: str) -> tuple[str | None, str | None]:
    """The cleaned CLI and its hold, of which at most one is given; raw is not empty."""
    if profile == "none":
        return None, None
    if profile == "any":
        return (raw, None) if len(raw) <= 40 else (None, "cli_malformed")
    if re.fullmatch(r"\d+(\.\d+)?[eE]\+?\d+", raw):
        return None, "cli_damaged"
    if any(c.isalpha() for c in raw):
        return None, "cli_malformed"
    text = re.sub(r"[\s\u00a0().-]", "", raw)
    text = re.sub(r"^(\+44|0044)0?", "0", text)
    text = re.sub(r"^44(\d{10})$", r"0\1", text)
    if not (text.isascii() and text.isdigit()):
        return None, "cli_malformed"
    if len(text) == 10 and text[0] != "0":
        return None, "cli_damaged"
    if re.fullmatch(r"0([123789]\d{8,9}|5[56]\d{7,8})", text):
        return text, None
    return None, "cli_malformed"


def _flag(text: str) -> bool:
    return text.lower() in TRUE


def _money(text: str) -> Decimal:
    return Decimal(text.replace("£", "").replace(",", "") or "0")


class Judge:
    """Judges the charges of accepted feeds as of a day; no ledger: a first run."""

    def __init__(self, feeds: Feeds, as_of: date, cli_profiles: dict[str, str]) -> None:
        rows = feeds.rows
        self.as_of = as_of
        self.cli_profiles = cli_profiles
        self.customers = {row["customer_id"]: row for row in rows["customers"]}
        self.sites = {row["site_id"]: row for row in rows["sites"]}
        self.products = {row["product_id"]: row for row in rows["products"]}
        self.orders = {row["order_id"]: row for row in rows["orders"]}
        self.assets = {row["asset_id"]: row for row in rows["assets"]}
        self.lines = rows["order_lines"]
        self.assets_of_line: dict[str, list[Row]] = defaultdict(list)
        for asset in rows["assets"]:
            self.assets_of_line[asset["line_id"]].append(asset)
        self.refs: dict[str, set[str]] = defaultdict(set)
        for site in rows["sites"]:
            if site["integration_id"]:
                self.refs[site["site_id"]].add(site["integration_id"])
        for link in rows["application_links"]:
            is_ours = link["application_name"].lower() in ("affinity", "aurora affinity")
            if is_ours and link["entity_type"] == "19":
                self.refs[link["entity_id"]].add(link["integration_id"])
        self.platforms = {row["name"].lower() for row in rows["billing_platforms"]}
        self.catalogue = {row["product_code"]: row for row in rows["affinity_products"]}
        self.cli_ends: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in rows["affinity_clis"]:
            self.cli_ends[row["site_ref"], row["cli"]].append(row["end_on"])
        self.live_on_cli: dict[str, list[Row]] = defaultdict(list)
        for asset in rows["assets"]:
            product = self.products[asset["product_id"]]
            is_root = not asset["parent_asset_id"] and _flag(asset["is_live"])
            if is_root and product["item_type"].lower() == "service" and asset["cli"]:
                cli, _ = clean_cli(asset["cli"], self._profile(product))
                if cli:
                    self.live_on_cli[cli].append(asset)

    def _profile(self, product: Row) -> str:
        fallback = "uk_number" if _flag(product["needs_cli"]) else "any"
        return self.cli_profiles.get(product["base_category"], fallback)

    def judge(self) -> Judgement:
        """One disposition per charge; holds are counted one by one."""
        result = Judgement()
        clean: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
        for line in self.lines:
            for charge in ("upfront", "recurring"):
                key = (line["line_id"], charge)
                disposition, reasons, twin = self._charge(line, charge)
                result.dispositions[key] = disposition
                if disposition == "waiting":
                    result.waiting.update(reasons)
                else:
                    result.holds.update(reasons)
                if disposition == "ready" and twin:
                    clean[twin].append(key)
        for keys in clean.values():
            if len({line for line, _ in keys}) > 1:
                for key in keys:
                    result.dispositions[key] = "held"
                    result.holds["suspected_duplicate"] += 1
        result.ready = [
            self._facts(line, charge)
            for line in self.lines
            for charge in ("upfront", "recurring")
            if result.dispositions[line["line_id"], charge] == "ready"
        ]
        return result

    def _facts(self, line: Row, charge: str) -> Facts:
        product, order = self.products[line["product_id"]], self.orders[line["order_id"]]
        asset, _ = self._asset(line)
        assert asset is not None
        site_id = asset["site_id"] or line["site_id"] or order["site_id"]
        (site_ref,) = self.refs[site_id]
        raw = asset["cli"] or line["cli"]
        cli = clean_cli(raw, self._profile(product))[0] if raw else None
        is_service = product["item_type"].lower() == "service"
        start = self._bill_start(line, asset, charge, is_service=is_service)
        sku = product["external_sku"]
        if charge == "recurring":
            sku = product["external_sku_recurring"] or sku
        ends = self.cli_ends.get((site_ref, cli or ""), [])
        return Facts(
            line["line_id"],
            charge,
            asset["asset_id"],
            self.customers[order["customer_id"]]["integration_id"],
            site_ref,
            cli,
            any(not end or end >= start for end in ends),
            sku,
            product["name"],
            line["quantity"],
            _money(line[f"{charge}_price"] or product[f"{charge}_price"]),
            line["billing_frequency"] or product["billing_frequency"],
            start,
            asset["cease_on"],
        )

    def _charge(self, line: Row, charge: str) -> tuple[str, list[str], tuple[str, ...] | None]:
        product, order = self.products[line["product_id"]], self.orders[line["order_id"]]
        customer = self.customers[order["customer_id"]]
        is_service = product["item_type"].lower() == "service"
        asset, missing = self._asset(line)
        price = _money(line[f"{charge}_price"] or product[f"{charge}_price"])
        route = (
            (asset or {}).get(f"{charge}_billing_route")
            or line[f"{charge}_billing_route"]
            or product[f"{charge}_billing_route"]
            or "The Layer"
        ).lower()
        trigger = line["connected_on"] if is_service else line["issued_on"]
        unmet = missing
        if unmet is None and not trigger:
            unmet = "no_connected_date" if is_service else "no_issue_date"
        if unmet is None and date.fromisoformat(trigger[:10]) > self.as_of:
            unmet = "date_not_reached"
        if line[f"{charge}_bill_status"].lower() == "in billing":
            return "in_billing", [], None
        if order["status"].lower() == "cancelled":
            return "cancelled", [], None
        if customer["status"].lower() == "cancelled" and asset is None:
            return "cancelled", [], None
        if line["action"].lower() == "update":
            return "amendment", [], None
        if not price:
            return "not_applicable", [], None
        if route not in self.platforms | {"affinity", "aurora affinity", "the layer"}:
            return "held", ["unknown_route"], None
        if route == "the layer":
            return "billed_in_layer", [], None
        if route not in ("affinity", "aurora affinity"):
            return "other_platform", [], None
        if _flag(line[f"{charge}_do_not_bill"]) or _flag((asset or {}).get("do_not_bill", "")):
            return "do_not_bill", [], None
        if unmet is not None or asset is None:
            return "waiting", [unmet or "not_converted"], None
        holds, twin = self._holds(line, charge, asset)
        return ("held" if holds else "ready"), holds, twin

    def _asset(self, line: Row) -> tuple[Row | None, str | None]:
        if line["asset_id"]:
            asset = self.assets.get(line["asset_id"])
            return asset, None if asset else "asset_missing"
        found = self.assets_of_line.get(line["line_id"], [])
        if len(found) > 1:
            return None, "asset_ambiguous"
        return (found[0], None) if found else (None, "not_converted")

    def _holds(
        self, line: Row, charge: str, asset: Row
    ) -> tuple[list[str], tuple[str, ...] | None]:
        product, order = self.products[line["product_id"]], self.orders[line["order_id"]]
        customer = self.customers[order["customer_id"]]
        is_service = product["item_type"].lower() == "service"
        holds = []
        if charge == "recurring" and not is_service:
            holds.append("recurring_on_product")
        sku = product["external_sku"]
        if charge == "recurring":
            sku = product["external_sku_recurring"] or sku
        if not sku:
            holds.append("sku_pending" if _flag(product["is_custom"]) else "sku_missing")
        elif sku not in self.catalogue:
            holds.append("sku_unknown")
        elif self.catalogue[sku]["is_active"].lower() in FALSE:
            holds.append("sku_inactive")
        if not customer["integration_id"]:
            holds.append("customer_unlinked")
        if customer["status"].lower() == "cancelled":
            holds.append("customer_not_live")
        site_id = asset["site_id"] or line["site_id"] or order["site_id"]
        if not site_id:
            holds.append("site_missing")
        else:
            if len(self.refs[site_id]) != 1:
                holds.append("site_link_conflict" if self.refs[site_id] else "site_unlinked")
            if self.sites[site_id]["customer_id"] != order["customer_id"]:
                holds.append("site_mismatch")
        if (asset["product_id"], asset["customer_id"]) != (
            line["product_id"],
            order["customer_id"],
        ):
            holds.append("asset_mismatch")
        if not _flag(asset["is_live"]):
            holds.append("asset_not_live")
        replaces = line["action"].lower() == "new & cease"
        if replaces and line["target_asset_id"] not in self.assets:
            holds.append("target_asset_missing")
        raw, cli = asset["cli"] or line["cli"], None
        if raw:
            cli, fault = clean_cli(raw, self._profile(product))
            holds += [fault] if fault else []
        elif _flag(product["needs_cli"]):
            holds.append("cli_missing")
        target = line["target_asset_id"] if replaces else ""
        if cli and self._conflicts(cli, asset, target):
            holds.append("cli_conflict")
        start = self._bill_start(line, asset, charge, is_service=is_service)
        if not start:
            holds.append("bill_start_missing")
        else:
            if asset["cease_on"] and start > asset["cease_on"]:
                holds.append("bill_start_after_cease")
            if abs((date.fromisoformat(start) - self.as_of).days) > 397:
                holds.append("bill_start_implausible")
        frequency = line["billing_frequency"] or product["billing_frequency"]
        if charge == "recurring" and not frequency:
            holds.append("frequency_missing")
        twin = (site_id, cli, sku, charge, start) if cli and start else None
        return holds, twin

    def _bill_start(self, line: Row, asset: Row, charge: str, *, is_service: bool) -> str:
        connection, connected = asset["connection_on"], line["connected_on"]
        if line["bill_start_override"]:
            return line["bill_start_override"]
        if not is_service:
            return line["issued_on"] if charge == "upfront" else ""
        return (connection or connected) if charge == "recurring" else (connected or connection)

    def _conflicts(self, cli: str, asset: Row, target: str) -> bool:
        ancestors, parent = set(), asset["parent_asset_id"]
        while parent and parent not in ancestors:
            ancestors.add(parent)
            parent = self.assets.get(parent, {}).get("parent_asset_id", "")
        for other in self.live_on_cli[cli]:
            if other["asset_id"] in ancestors | {asset["asset_id"], target}:
                continue
            first = max(asset["connection_on"], other["connection_on"])
            last = min(asset["cease_on"] or "9999", other["cease_on"] or "9999")
            if first <= last:
                return True
        return False
