"""What The Layer says of a charge on a day, in plain ifs, one after the other.

`Facts` are read from a view (what a run saw) alone: nothing of what was told before is in them.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tests.year.world import Row, View

DAY = timedelta(days=1)
PLATFORMS = {"affinity", "aurora affinity"}
NO_REFERENCE = {"Licences"}  # base categories whose CLI column is not one


@dataclass(frozen=True)
class Charge:
    """One of the two charges of a line."""

    line_id: str
    kind: str  # upfront, recurring


@dataclass(frozen=True)
class Content:
    """What is billed, once it is; without the days."""

    site_ref: str
    cli: str
    sku: str
    quantity: int
    price: Decimal
    frequency: str
    asset_id: str


@dataclass(frozen=True)
class Facts:
    """A charge as the view has it.

    `state`: never (not to be billed in Affinity, ever or now), waiting, held, ready;
    `state_again` the same of what was billed before and so followed its renewals. `stop` says
    why it is not to be billed in Affinity although it could be. `new` is what a first bill says,
    `now` what one that is billed should say by now; both None while something in them is missing.
    """

    charge: Charge
    state: str
    state_again: str
    why: str
    stop: str
    customer_id: str
    site_id: str
    new: Content | None
    now: Content | None
    start: date | None
    end_at_first: date | None
    end: date | None
    end_is_a_cease: bool
    pair: Charge | None  # the recurring charge that takes over


class Reading:
    """A view with its ways from record to record, on one day."""

    def __init__(self, view: View, as_of: date, learnt: dict[str, str] | None = None) -> None:
        """Read `view` on `as_of`; `learnt` are refs of customers and sites known by their ids."""
        self.view, self.as_of, self.learnt = view, as_of, learnt or {}
        self._links = {
            link["entity_id"]: link["integration_id"] for link in view["application_links"].values()
        }
        self._renewals = self._who_renews_whom()
        self._replaced = {
            line["target_asset_id"]: line
            for line in view["order_lines"].values()
            if line["action"] == "New & Cease"
        }
        self._asked = {row["OBJECTUID"]: row for row in view["affinity_cease_requests"].values()}
        self._known: dict[Charge, Facts] = {}
        self._by_cli: dict[str, list[tuple[str, Row]]] | None = None

    def charges(self) -> list[Charge]:
        """All there are."""
        return [Charge(line, kind) for line in self.view["order_lines"] for kind in KINDS]

    def customer_ref(self, customer_id: str) -> str:
        """Affinity's ref, or nothing."""
        feed = self.view["customers"][customer_id]["integration_id"]
        return feed or self.learnt.get(customer_id, "")

    def site_ref(self, site_id: str) -> str:
        """Affinity's ref, or nothing."""
        feed = self.view["sites"][site_id]["integration_id"]
        return feed or self._links.get(site_id, "") or self.learnt.get(site_id, "")

    def chain(self, asset: Row) -> list[Row]:
        """The asset and its renewals, one after the other."""
        found = [asset]
        while heir := self._renewals.get(found[-1]["asset_id"]):
            found.append(heir)
        return found

    def _who_renews_whom(self) -> dict[str, Row]:
        """Each asset that was renewed, with the one that did: one to one, and sold with no line.

        Of several the one of its line, or else the one that no New & Cease has replaced.
        """
        lines = self.view["order_lines"].values()
        sold = {line["asset_id"] for line in lines}
        replaced = {
            line["target_asset_id"]
            for line in lines
            if line["action"] == "New & Cease"
            and line["asset_id"]
            and self.view["orders"][line["order_id"]]["status"] != "Cancelled"
        }
        ended = defaultdict(list)
        for asset in self.view["assets"].values():
            if asset["cease_on"]:
                day = date.fromisoformat(asset["cease_on"]) + DAY
                ended[self._renewal_key(asset, day.isoformat())].append(asset)
        heirs = defaultdict(list)
        for heir in self.view["assets"].values():
            if heir["is_auto_renew"] != "true" or heir["asset_id"] in sold:
                continue
            olds = [
                asset
                for asset in ended[self._renewal_key(heir, heir["connection_on"])]
                if asset is not heir
            ]
            olds = [each for each in olds if each["line_id"] == heir["line_id"] != ""] or olds
            olds = [each for each in olds if each["asset_id"] not in replaced] or olds
            if len(olds) == 1:
                heirs[olds[0]["asset_id"]].append(heir)
        return {old: found[0] for old, found in heirs.items() if len(found) == 1}

    def _renewal_key(self, asset: Row, day: str) -> tuple[str, ...]:
        return (*(asset[c] for c in ("customer_id", "product_id", "site_id", "cli")), day)

    def facts(self, charge: Charge) -> Facts:
        """All that can be said of a charge."""
        if charge not in self._known:
            self._known[charge] = self._facts(charge)
        return self._known[charge]

    def _facts(self, charge: Charge) -> Facts:
        line = self.view["order_lines"][charge.line_id]
        order = self.view["orders"][line["order_id"]]
        customer = self.view["customers"][order["customer_id"]]
        product = self.view["products"][line["product_id"]]
        first = self.view["assets"].get(line["asset_id"])
        chain = self.chain(first) if first else []
        last = chain[-1] if chain else None
        recurring = charge.kind == "recurring"

        stop = self._stop(charge, line, product, last)
        site_id = (last or {}).get("site_id") or line["site_id"] or order["site_id"]
        price = line[f"{charge.kind}_price"] or product[f"{charge.kind}_price"]
        start = _start(charge, line, product, first)
        sku = (recurring and product["external_sku_recurring"]) or product["external_sku"]
        frequency = product["billing_frequency"].upper() if recurring else "ONE_OFF"
        cli = clean((last or {}).get("cli") or line["cli"], product)

        def content(quantity: str, unit_price: str) -> Content | None:
            site_ref = self.site_ref(site_id)
            if not (sku and unit_price and site_ref and last):
                return None
            return Content(
                site_ref,
                cli,
                sku,
                int(quantity),
                Decimal(unit_price),
                frequency,
                last["asset_id"],
            )

        new = content(line["quantity"], price)
        now = new
        if recurring and last:
            now = content(last["quantity"] or line["quantity"], last["recurring_price"] or price)
        end, is_cease, pair = self._end(charge, line, product, chain, start)
        end_at_first = _day(last["cease_on"]) if last else None

        def judged(asset: Row | None) -> tuple[str, str]:
            state, why = self._state(line, order, customer, product, asset, price, stop)
            if state != "ready":
                return state, why
            if new is None or not self.customer_ref(customer["customer_id"]):
                return "held", "a ref or a code is missing"
            if start and end_at_first and end_at_first < start:
                return "held", "starts after the cease"
            return state, why

        state, why = judged(first)
        if recurring and end_at_first is None and not is_cease:
            end_at_first = end
        return Facts(
            charge=charge,
            state=state,
            state_again=state if last is first else judged(last)[0],
            why=why,
            stop=stop,
            customer_id=customer["customer_id"],
            site_id=site_id,
            new=new,
            now=now,
            start=start,
            end_at_first=end_at_first,
            end=end,
            end_is_a_cease=is_cease,
            pair=pair,
        )

    def _stop(self, charge: Charge, line: Row, product: Row, last: Row | None) -> str:
        route = line.get(f"{charge.kind}_billing_route") or product[f"{charge.kind}_billing_route"]
        if (route or "The Layer").strip().lower() not in PLATFORMS:
            return f"Billing route: {route or 'The Layer'}"
        flags = (line[f"{charge.kind}_do_not_bill"], (last or {}).get("do_not_bill"))
        return (line["do_not_bill_reason"] or "Do Not Bill") if "true" in flags else ""

    def _state(
        self,
        line: Row,
        order: Row,
        customer: Row,
        product: Row,
        asset: Row | None,
        price: str,
        stop: str,
    ) -> tuple[str, str]:
        if order["status"] == "Cancelled" or (customer["status"] == "Cancelled" and not asset):
            return "never", "cancelled"
        if not price or Decimal(price) == 0:
            return "never", "no price"
        if stop:
            return "never", stop
        if asset is None:
            return "waiting", "not converted"
        trigger = _day(line["issued_on" if product["item_type"] == "Product" else "connected_on"])
        if trigger is None or trigger > self.as_of:
            return "waiting", "not connected"
        if customer["status"] == "Cancelled":
            return "held", "customer cancelled"
        if asset["is_live"] != "true":
            return "held", "asset not live"
        if self._is_claimed_twice(line, asset):
            return "held", "its CLI lives on another asset too"
        return "ready", ""

    def _is_claimed_twice(self, line: Row, asset: Row) -> bool:
        """Another live service asset of its own holds its CLI at the same time (cli_conflict).

        What its New & Cease replaces does not count, nor what it hangs on; that a renewal or a
        successor of its own does is a matter of days: until The Layer has ended the old one.
        """
        products = self.view["products"]
        product = products[asset["product_id"]]
        mine = clean(asset["cli"] or line["cli"], product)
        if not mine or product["item_type"] != "Service":
            return False
        exempt = {asset["asset_id"], asset["parent_asset_id"]}
        if line["action"] == "New & Cease":
            exempt.add(line["target_asset_id"])
        return any(
            asset_id not in exempt and _overlap(asset, other)
            for asset_id, other in self._lives()[mine]
        )

    def _lives(self) -> dict[str, list[tuple[str, Row]]]:
        """The live root service assets by CLI."""
        if self._by_cli is None:
            self._by_cli = defaultdict(list)
            for asset_id, asset in self.view["assets"].items():
                product = self.view["products"][asset["product_id"]]
                is_root = asset["is_live"] == "true" and not asset["parent_asset_id"]
                if is_root and product["item_type"] == "Service" and asset["cli"]:
                    self._by_cli[clean(asset["cli"], product)].append((asset_id, asset))
        return self._by_cli

    def _end(
        self, charge: Charge, line: Row, product: Row, chain: list[Row], start: date | None
    ) -> tuple[date | None, bool, Charge | None]:
        """The last day of a recurring charge, whether it is a cease, and what takes over."""
        if charge.kind == "upfront" or not chain:
            return None, False, None
        last = chain[-1]
        asked = self._asked.get(chain[0]["object_uid"] or "none")
        ceased = _day(last["cease_on"]) or (_day(asked["Completed On"]) if asked else None)
        ends = [ceased] if ceased else []
        successor = self._replaced.get(last["asset_id"])
        pair = Charge(successor["line_id"], "recurring") if successor else None
        heir = self.view["assets"].get(successor["asset_id"]) if successor else None
        if heir and heir["connection_on"]:
            ends.append(date.fromisoformat(heir["connection_on"]) - DAY)
        if ends:
            return min(ends), True, pair
        if product["fixed_billing"] == "true" and line["term_months"] and start:
            return add_months(start, int(line["term_months"])) - DAY, False, pair
        return None, False, pair


def _overlap(one: Row, other: Row) -> bool:
    """Whether two assets live at the same time, both ends included; a blank date is open."""
    began, ended = one["connection_on"] or "0", one["cease_on"] or "~"
    its_began, its_ended = other["connection_on"] or "0", other["cease_on"] or "~"
    return began <= its_ended and its_began <= ended


KINDS = ("upfront", "recurring")


def clean(text: str, product: Row) -> str:
    """A CLI as Affinity knows it."""
    if product["base_category"] in NO_REFERENCE:
        return ""
    if product["needs_cli"] != "true":
        return text.strip()
    return re.sub(r"^(?:\+44|0044)0?", "0", re.sub(r"[\s\u00a0().-]", "", text))


def add_months(day: date, months: int) -> date:
    """So many calendar months later, the day clamped to the month's end."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - DAY).day
    return date(year, month, min(day.day, last))


def _start(charge: Charge, line: Row, product: Row, asset: Row | None) -> date | None:
    connection = _day(asset["connection_on"]) if asset else None
    connected = _day(line["connected_on"])
    if product["item_type"] == "Product":
        return _day(line["issued_on"])
    if charge.kind == "recurring":
        return connection or connected
    return connected or connection


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
