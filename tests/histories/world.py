"""The lines of a small office, and what can happen to one of them on a day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.integration.office import Office, Row

DAY = timedelta(days=1)
SITES = {"S1": "AS-1", "S2": "AS-2"}
PRODUCTS = {"P1": "SKU-1", "P2": "SKU-2"}
AFFINITY, ELSEWHERE = "Affinity", "Gamma"


@dataclass(frozen=True)
class Line:
    """An order line with its asset, as The Layer has them today."""

    number: int
    connected_on: date
    price: Decimal
    quantity: int
    cli: str
    site: str = "S1"
    product: str = "P1"
    cease_on: date | None = None
    do_not_bill: bool = False
    route: str = AFFINITY
    is_there: bool = True

    @property
    def line_id(self) -> str:
        """L1, L2, ..."""
        return f"L{self.number}"

    @property
    def is_stopped(self) -> bool:
        """Not to be billed in Affinity, for the time being."""
        return self.do_not_bill or self.route != AFFINITY

    @property
    def content(self) -> tuple[str, str, str, int, Decimal]:
        """What a bill says of it: site ref, CLI, code, quantity, price."""
        return SITES[self.site], self.cli, PRODUCTS[self.product], self.quantity, self.price


View = Mapping[str, Line]
"""All lines by their ids, as a run saw them; those that are not there are left out."""


class Lines:
    """All lines; an event makes a new `Line`, so that a view is a shallow copy."""

    def __init__(self, count: int, today: date, random: Random) -> None:
        """So many lines; some of them only come later."""
        self._numbers = 0
        self.now: dict[str, Line] = {}
        for number in range(1, count + 1):
            line = Line(
                number=number,
                connected_on=today - timedelta(days=random.choice((-3, 0, 1, 9, 20))),
                price=Decimal(random.randrange(100, 9000)) / 100,
                quantity=random.randint(1, 4),
                cli=self.new_number(),
                is_there=random.random() < 0.75,
            )
            self.now[line.line_id] = line

    def new_number(self) -> str:
        """A number nobody had."""
        self._numbers += 1
        return f"01204{600_000 + self._numbers}"

    def view(self) -> View:
        """Everything as it is now; later events do not show in it."""
        return {key: line for key, line in self.now.items() if line.is_there}

    def happen(self, random: Random, today: date) -> int:
        """Let each line have an event of its own, or none; how many had."""
        happened = 0
        for key, line in self.now.items():
            if random.random() < SHARE:
                event = random.choice(EVENTS)
                self.now[key] = event(self, line, random, today)
                happened += self.now[key] != line
        return happened


def _price(_: Lines, line: Line, random: Random, __: date) -> Line:
    return replace(line, price=Decimal(random.randrange(100, 90_000)) / 1000)


def _quantity(_: Lines, line: Line, random: Random, __: date) -> Line:
    return replace(line, quantity=random.randint(1, 9))


def _move(_: Lines, line: Line, __: Random, ___: date) -> Line:
    return replace(line, site="S2" if line.site == "S1" else "S1")


def _renumber(lines: Lines, line: Line, _: Random, __: date) -> Line:
    return replace(line, cli=lines.new_number())


def _become(_: Lines, line: Line, __: Random, ___: date) -> Line:
    return replace(line, product="P2" if line.product == "P1" else "P1")


def _cease(_: Lines, line: Line, random: Random, today: date) -> Line:
    day = today + timedelta(days=random.choice((-2, 0, 1, 4, 12, 40)))
    return replace(line, cease_on=max(day, line.connected_on))


def _withdraw_cease(_: Lines, line: Line, __: Random, ___: date) -> Line:
    return replace(line, cease_on=None)


def _do_not_bill(_: Lines, line: Line, __: Random, ___: date) -> Line:
    return replace(line, do_not_bill=not line.do_not_bill)


def _route(_: Lines, line: Line, __: Random, ___: date) -> Line:
    return replace(line, route=ELSEWHERE if line.route == AFFINITY else AFFINITY)


def _come_or_go(_: Lines, line: Line, random: Random, ___: date) -> Line:
    # what is gone comes back more often than what is there goes
    return replace(line, is_there=not line.is_there or random.random() < 0.7)


Event = Callable[[Lines, Line, Random, date], Line]
EVENTS: tuple[Event, ...] = (
    *(_price, _quantity, _move, _renumber, _become),
    *(_cease, _cease, _withdraw_cease),
    *(_do_not_bill, _do_not_bill, _route),
    _come_or_go,
)
SHARE = 0.6
"""How many of the lines have an event in a round of edits."""


def write(office: Office, view: View) -> None:
    """Put the feeds of a view into the office."""
    feeds = office.feeds
    feeds["sites"] = [
        {"site_id": site, "customer_id": "C1", "name": site, "integration_id": ref}
        for site, ref in SITES.items()
    ]
    first = {**feeds["products"][0], "upfront_price": "0"}
    feeds["products"] = [
        {**first, "product_id": product, "name": product, "external_sku": sku}
        for product, sku in PRODUCTS.items()
    ]
    feeds["billing_platforms"] = [{"name": ELSEWHERE}]
    feeds["affinity_products"] = [
        {"product_code": sku, "is_active": "true"} for sku in PRODUCTS.values()
    ]
    feeds["order_lines"] = [_order_line(line) for line in view.values()]
    feeds["assets"] = [_asset(line) for line in view.values()]


def _order_line(line: Line) -> Row:
    return {
        "line_id": line.line_id,
        "order_id": "O1",
        "product_id": line.product,
        "site_id": line.site,
        "asset_id": f"A{line.number}",
        "quantity": str(line.quantity),
        "recurring_price": str(line.price),
        "connected_on": str(line.connected_on),
        "recurring_do_not_bill": "true" if line.do_not_bill else "",
        "do_not_bill_reason": "Goodwill" if line.do_not_bill else "",
        "recurring_billing_route": line.route,
    }


def _asset(line: Line) -> Row:
    return {
        "asset_id": f"A{line.number}",
        "line_id": line.line_id,
        "customer_id": "C1",
        "product_id": line.product,
        "site_id": line.site,
        "cli": line.cli,
        "is_live": "true",
        "quantity": str(line.quantity),
        "recurring_price": str(line.price),
        "connection_on": str(line.connected_on),
        "cease_on": str(line.cease_on or ""),
        "cease_reason": "Customer left" if line.cease_on else "",
    }
