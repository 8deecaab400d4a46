"""From accepted lines to judged charges: one disposition each, every hold listed.

Grain: one `Judged` per order line x charge type. Source: contract section 3, rulings 9 to 18.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from tests.oracle.accepting import Accepted, Row
from tests.oracle.contracts import CHARGE_TYPES, PRODUCT, RECURRING, SERVICE
from tests.oracle.judged import (
    AFFINITY,
    ELSEWHERE,
    IN_LAYER,
    UNKNOWN,
    Judged,
    ends_beyond_the_calendar,
    product_content,
)
from tests.oracle.known import Known, KnownCharge
from tests.oracle.rules import broken_rules
from tests.oracle.settings import Settings, fold
from tests.oracle.values import add_months, clean_cli, cli_profile
from tests.oracle.writing import PRODUCT_HEADER

SITE_ENTITY_TYPE = 19
NEW_AND_CEASE = "New & Cease"
CANCELLED = "Cancelled"


class Ledger:
    """The feeds indexed by what the rules ask for; every question answered in constant time."""

    def __init__(self, accepted: Accepted, settings: Settings) -> None:
        tables = accepted.tables
        self.settings = settings
        self.customers = {row["customer_id"]: row for row in tables["customers"]}
        self.sites = {row["site_id"]: row for row in tables["sites"]}
        self.products = {row["product_id"]: row for row in tables["products"]}
        self.orders = {row["order_id"]: row for row in tables["orders"]}
        self.assets = {row["asset_id"]: row for row in tables["assets"]}
        self.platforms = frozenset(fold(row["name"]) for row in tables["billing_platforms"])
        self.assets_by_line: dict[str, list[Row]] = defaultdict(list)
        for row in tables["assets"]:
            if row["line_id"] is not None:
                self.assets_by_line[row["line_id"]].append(row)
        self.quotations: dict[str, list[Row]] = defaultdict(list)
        for row in tables["quotation_lines"]:
            if row["line_id"] is not None:
                self.quotations[row["line_id"]].append(row)
        self.site_refs = _site_refs(tables, settings)
        self.catalogue: dict[str, bool] | None = None
        if "affinity_products" in accepted.given:
            self.catalogue = {
                row["product_code"]: row["is_active"] is not False
                for row in tables["affinity_products"]
            }
        self.blocking = tuple(rule for rule in settings.rules if rule.severity == "block")
        self.lives = Lives(self)
        self.targets: dict[str, set[str]] = defaultdict(set)
        """By asset: the targets of the New & Cease lines that created it (ruling 14)."""
        for line in tables["order_lines"]:
            asset, _ = self.asset_of(line)
            target = line["target_asset_id"]
            if asset is not None and target is not None and line["action"] == NEW_AND_CEASE:
                self.targets[asset["asset_id"]].add(target)

    def asset_of(self, line: Row) -> tuple[Row | None, str | None]:
        """The line's asset, or why there is none (section 3, ruling 9)."""
        if line["asset_id"] is not None:
            named = self.assets.get(line["asset_id"])
            return (named, None) if named is not None else (None, "asset_missing")
        candidates = self.assets_by_line.get(line["line_id"], [])
        if len(candidates) == 1:
            return candidates[0], None
        return None, "asset_ambiguous" if candidates else "not_converted"

    def profile_of(self, product: Row) -> str:
        """The CLI profile of a product."""
        return cli_profile(
            product["base_category"],
            needs_cli=bool(product["needs_cli"]),
            profiles=self.settings.cli_profiles,
        )

    def route_kind(self, route: str | None) -> str:
        """Where a route bills; an empty one is The Layer (section 1, platform)."""
        if route is None:
            return IN_LAYER
        name = fold(route)
        if name in self.settings.platform_names:
            return AFFINITY
        if name in self.settings.own_names:
            return IN_LAYER
        return ELSEWHERE if name in self.platforms else UNKNOWN


def _site_refs(tables: Mapping[str, list[Row]], settings: Settings) -> dict[str, frozenset[str]]:
    """The distinct Affinity refs of each site, its own and its links' (ruling 13)."""
    refs: dict[str, set[str]] = defaultdict(set)
    for row in tables["sites"]:
        if row["integration_id"] is not None:
            refs[row["site_id"]].add(row["integration_id"])
    for link in tables["application_links"]:
        ours = fold(link["application_name"]) in settings.platform_names
        if ours and link["entity_type"] == SITE_ENTITY_TYPE:
            refs[link["entity_id"]].add(link["integration_id"])
    return {site_id: frozenset(found) for site_id, found in refs.items()}


class Lives:
    """The lives of live root service assets by cleaned CLI (`cli_conflict`, ruling 14)."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._by_cli: dict[str, dict[str, tuple[date, date]]] = defaultdict(dict)
        self._tops: dict[str, str] = {}
        for asset in ledger.assets.values():
            product = ledger.products[asset["product_id"]]
            root = asset["parent_asset_id"] is None
            if not (asset["is_live"] and root and product["item_type"] == SERVICE):
                continue
            cli, _ = clean_cli(asset["cli"], ledger.profile_of(product))
            first, last = life_of(asset)
            if cli is not None and first <= last:
                self._by_cli[cli][asset["asset_id"]] = (first, last)
        self._firsts = {
            cli: sorted(first for first, _ in lives.values()) for cli, lives in self._by_cli.items()
        }
        self._lasts = {
            cli: sorted(last for _, last in lives.values()) for cli, lives in self._by_cli.items()
        }

    def conflicts(self, cli: str, asset: Row) -> bool:
        """True when another life on this CLI overlaps the asset's.

        All lives on the CLI less those that start after the asset's end or end before its start
        overlap; the ones that do not count are then taken off. No pair is compared.
        """
        lives = self._by_cli.get(cli)
        first, last = life_of(asset)
        if lives is None or first > last:
            return False
        later = len(lives) - bisect_right(self._firsts[cli], last)
        earlier = bisect_left(self._lasts[cli], first)
        overlapping = len(lives) - later - earlier
        for asset_id in self._exempt(asset):
            life = lives.get(asset_id)
            if life is not None and life[0] <= last and first <= life[1]:
                overlapping -= 1
        return overlapping > 0

    def _exempt(self, asset: Row) -> set[str]:
        """The asset itself, its one root ancestor, and the targets it replaces.

        Only roots are in the index, and a chain of parents has at most one.
        """
        own = asset["asset_id"]
        return {own, self._top_of(own)} | self._ledger.targets.get(own, set())

    def _top_of(self, asset_id: str) -> str:
        """The last accepted asset upwards; a cycle ends where it would close."""
        path: list[str] = []
        seen: set[str] = set()
        current = asset_id
        while current not in self._tops and current not in seen:
            path.append(current)
            seen.add(current)
            parent = self._ledger.assets[current]["parent_asset_id"]
            if parent is None or parent not in self._ledger.assets:
                break
            current = parent
        top = self._tops.get(current, current)
        for visited in path:
            self._tops[visited] = top
        return top


def life_of(asset: Row) -> tuple[date, date]:
    """From connection to cease, inclusive, open where null."""
    return asset["connection_on"] or date.min, asset["cease_on"] or date.max


def judge(accepted: Accepted, settings: Settings, known: Known, as_of: date) -> list[Judged]:
    """Every charge, judged; in the order of the lines, upfront first."""
    ledger = Ledger(accepted, settings)
    in_billing = {charge.key: charge for charge in known.in_billing}
    exported = {charge.key: charge for charge in known.exported}
    charges = []
    for line in accepted.tables["order_lines"]:
        for charge_type in CHARGE_TYPES:
            charge = _facts(line, charge_type, ledger)
            charge.waiting_reason = unmet(charge, settings, as_of)
            _dispose(charge, in_billing, exported)
            charges.append(charge)
    judged = [charge for charge in charges if charge.disposition == "judged"]
    window = (add_months(as_of, -settings.max_months), add_months(as_of, settings.max_months))
    for charge in judged:
        charge.holds |= _holds(charge, ledger, window)
        refusal = known.refused.get(charge.key)
        standing = refusal is not None and not refusal.released
        if refusal is not None and standing and product_content(charge) == refusal.content:
            charge.holds.add("affinity_rejected")
    _suspect_duplicates(judged, known)
    for charge in judged:
        charge.disposition = "held" if charge.holds else "ready"
        charge.bill_status = "Ready to Bill"
    for charge in charges:
        if charge.disposition != "waiting":
            charge.waiting_reason = None
    return charges


def _facts(line: Row, charge_type: str, ledger: Ledger) -> Judged:
    """What a charge is, before any judgement (section 3, first list)."""
    order = ledger.orders[line["order_id"]]
    product = ledger.products[line["product_id"]]
    asset, asset_reason = ledger.asset_of(line)
    held = asset or {}
    site_id = held.get("site_id") or line["site_id"] or order["site_id"]
    price = line[f"{charge_type}_price"]
    if price is None:
        price = product[f"{charge_type}_price"]
    route_field = f"{charge_type}_billing_route"
    route = held.get(route_field) or line[route_field] or product[route_field]
    profile = ledger.profile_of(product)
    cli, cli_fault = clean_cli(held.get("cli") or line["cli"], profile)
    sku = product["external_sku"]
    if charge_type == RECURRING:
        sku = product["external_sku_recurring"] or sku
    frequency = None
    if charge_type == RECURRING:
        frequency = line["billing_frequency"] or product["billing_frequency"]
    start, source = _bill_start(line, asset, product["item_type"], charge_type, ledger.settings)
    return Judged(
        line=line,
        charge_type=charge_type,
        order=order,
        customer=ledger.customers[order["customer_id"]],
        product=product,
        asset=asset,
        asset_reason=asset_reason,
        site=ledger.sites[site_id] if site_id is not None else None,
        site_refs=ledger.site_refs.get(site_id, frozenset()) if site_id else frozenset(),
        unit_price=price,
        route=route or "The Layer",
        route_kind=ledger.route_kind(route),
        cli=cli,
        cli_fault=cli_fault,
        profile=profile,
        sku=sku,
        bill_start_on=start,
        bill_start_source=source,
        frequency=frequency,
    )


def _bill_start(
    line: Row,
    asset: Row | None,
    item_type: str,
    charge_type: str,
    settings: Settings,
) -> tuple[date | None, str | None]:
    """The bill start and the field it came from; the override wins (section 3, rulings 11, 17)."""
    listed = settings.bill_start.get((item_type, charge_type), ())
    for name in ("bill_start_override", *listed):
        day = (asset or {}).get(name) if name == "connection_on" else line[name]
        if day is not None:
            return day, name
    return None, None


def unmet(charge: Judged, settings: Settings, as_of: date) -> str | None:
    """The first unmet condition of the trigger, in the contract's order; null when triggered."""
    trigger = settings.triggers[charge.product["item_type"]]
    if "converted" in trigger.all_of and charge.asset is None:
        return charge.asset_reason
    days = []
    for name in trigger.all_of:
        if name == "converted":
            continue
        day = (charge.asset or {}).get(name) if name == "connection_on" else charge.line[name]
        if day is None and trigger.on_convert:
            day = charge.line["converted_on"]
        if day is None:
            return "no_issue_date" if name == "issued_on" else "no_connected_date"
        days.append(day)
    if trigger.require_date_reached and any(day > as_of for day in days):
        return "date_not_reached"
    return None


def _dispose(
    charge: Judged,
    in_billing: Mapping[tuple[str, str], KnownCharge],
    exported: Mapping[tuple[str, str], KnownCharge],
) -> None:
    """The first row of the table of dispositions that holds; `judged` when only holds decide."""
    line = charge.line
    past = in_billing.get(charge.key) or exported.get(charge.key)
    charge.batch_seq = past.batch_seq if past is not None else None
    if charge.key in in_billing or line[f"{charge.charge_type}_bill_status"] == "In Billing":
        charge.disposition, charge.bill_status = "in_billing", "In Billing"
    elif charge.key in exported:
        charge.disposition, charge.bill_status = "exported", "Ready to Bill"
    elif fold(charge.order["status"]) == fold(CANCELLED) or (
        charge.customer["status"] == CANCELLED and charge.asset is None
    ):
        charge.disposition = "cancelled"
    elif line["action"] == "Update":
        charge.disposition = "amendment"
    elif not charge.unit_price:
        charge.disposition = "not_applicable"
    elif charge.route_kind == UNKNOWN:
        charge.disposition = "held"
        charge.holds.add("unknown_route")
        charge.bill_status = "Not Billed" if charge.waiting_reason else "Ready to Bill"
    elif charge.route_kind == IN_LAYER:
        charge.disposition = "billed_in_layer"
    elif charge.route_kind == ELSEWHERE:
        charge.disposition = "other_platform"
    elif line[f"{charge.charge_type}_do_not_bill"] or (
        charge.asset is not None and charge.asset["do_not_bill"]
    ):
        charge.disposition = "do_not_bill"
    elif charge.waiting_reason:
        charge.disposition = "waiting"
    else:
        charge.disposition = "judged"


def _holds(
    charge: Judged,
    ledger: Ledger,
    window: tuple[date | None, date | None],
) -> set[str]:
    """Every hold of a triggered charge but `suspected_duplicate` and `affinity_rejected`."""
    return {
        *_sku_holds(charge, ledger),
        *_customer_and_site_holds(charge),
        *_asset_holds(charge, ledger),
        *_cli_holds(charge, ledger),
        *_start_holds(charge, window),
        *(["recurring_on_product"] if _is_recurring_on_product(charge) else []),
        *(["layout_unfit"] if _is_unfit(charge, ledger.settings) else []),
        *(
            ["frequency_missing"]
            if charge.charge_type == RECURRING and charge.frequency is None
            else []
        ),
        *(
            f"rule:{name}"
            for name in broken_rules(_records(charge, ledger), charge.product, ledger.blocking)
        ),
    }


def _is_unfit(charge: Judged, settings: Settings) -> bool:
    """True when the product row would need an end nobody can write, or to be cut."""
    row = dict(zip(PRODUCT_HEADER, product_content(charge), strict=False))
    too_long = any(len(row[name]) > most for name, most in settings.product_lengths.items())
    return too_long or ends_beyond_the_calendar(charge)


def _is_recurring_on_product(charge: Judged) -> bool:
    return charge.charge_type == RECURRING and charge.product["item_type"] == PRODUCT


def _sku_holds(charge: Judged, ledger: Ledger) -> Iterable[str]:
    if charge.sku is None:
        yield "sku_pending" if charge.product["is_custom"] else "sku_missing"
    elif ledger.catalogue is not None:
        if charge.sku not in ledger.catalogue:
            yield "sku_unknown"
        elif not ledger.catalogue[charge.sku]:
            yield "sku_inactive"


def _customer_and_site_holds(charge: Judged) -> Iterable[str]:
    if charge.customer["integration_id"] is None:
        yield "customer_unlinked"
    if charge.customer["status"] == CANCELLED:
        yield "customer_not_live"
    if charge.site is None:
        yield "site_missing"
        return
    if not charge.site_refs:
        yield "site_unlinked"
    if len(charge.site_refs) > 1:
        yield "site_link_conflict"
    if charge.site["customer_id"] != charge.customer["customer_id"]:
        yield "site_mismatch"


def _asset_holds(charge: Judged, ledger: Ledger) -> Iterable[str]:
    asset = charge.asset
    if asset is not None:
        same_product = asset["product_id"] == charge.line["product_id"]
        if not same_product or asset["customer_id"] != charge.order["customer_id"]:
            yield "asset_mismatch"
        if not asset["is_live"]:
            yield "asset_not_live"
    replaces = charge.line["action"] == NEW_AND_CEASE
    if replaces and charge.line["target_asset_id"] not in ledger.assets:
        yield "target_asset_missing"


def _cli_holds(charge: Judged, ledger: Ledger) -> Iterable[str]:
    if charge.cli_fault is not None:
        yield charge.cli_fault
        return
    if charge.cli is None:
        if charge.product["needs_cli"]:
            yield "cli_missing"
        return
    asset = charge.asset
    is_service = asset is not None and ledger.products[asset["product_id"]]["item_type"] == SERVICE
    if asset is not None and is_service and ledger.lives.conflicts(charge.cli, asset):
        yield "cli_conflict"


def _start_holds(charge: Judged, window: tuple[date | None, date | None]) -> Iterable[str]:
    start = charge.bill_start_on
    if start is None:
        yield "bill_start_missing"
        return
    cease = charge.asset["cease_on"] if charge.asset is not None else None
    if cease is not None and start > cease:
        yield "bill_start_after_cease"
    earliest, latest = window
    if (earliest is not None and start < earliest) or (latest is not None and start > latest):
        yield "bill_start_implausible"


def _records(charge: Judged, ledger: Ledger) -> list[tuple[str, Row]]:
    """The records that a charge's validation rules look at: (stage, record)."""
    records: list[tuple[str, Row]] = [("order", charge.line)]
    if charge.asset is not None:
        records.append(("asset", charge.asset))
    records.extend(("quotation", row) for row in ledger.quotations.get(charge.line["line_id"], []))
    return records


def _suspect_duplicates(judged: list[Judged], known: Known) -> None:
    """Hold every triggered charge that has a twin under another line (ruling 15).

    A twin is clean, exported or in our ledger, and has the same site, CLI, SKU, charge type and
    bill start.
    """
    twins: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for charge in judged:
        if not charge.holds and charge.cli is not None:
            twins[_likeness(charge)].add(charge.line["line_id"])
    for past in (*known.in_billing, *known.exported):
        if past.cli is not None:
            likeness = (past.site_id, past.cli, past.sku, past.charge_type, past.bill_start_on)
            twins[likeness].add(past.line_id)
    for charge in judged:
        if charge.cli is None:
            continue
        lines = twins.get(_likeness(charge), set())
        others = len(lines) - (charge.line["line_id"] in lines)
        if others:
            charge.holds.add("suspected_duplicate")


def _likeness(charge: Judged) -> tuple[object, ...]:
    site_id = charge.site["site_id"] if charge.site is not None else None
    return site_id, charge.cli, charge.sku, charge.charge_type, charge.bill_start_on


NOT_LIT = ("not_applicable", "do_not_bill", "cancelled", "amendment")


def light_of(charges: Iterable[Judged]) -> str:
    """The line light of the charges of one line (section 3, ruling 10)."""
    counted = [
        charge
        for charge in charges
        if charge.route_kind == AFFINITY and charge.disposition not in NOT_LIT
    ]
    lit = counted and all(charge.disposition == "in_billing" for charge in counted)
    return "green" if lit else "orange"
