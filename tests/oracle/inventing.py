"""A reseller's world, invented from a seed: mostly believable, in places as odd as life.

Rows hold typed cells (text, days, amounts, flags); `rendering` spells them. Nothing here knows
what the right answer is. Source of the oddities: contract sections 2 to 4, rulings 1 to 20.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

Cell = str | date | Decimal | bool | int | None
Row = dict[str, Cell]

UK_STARTS = (
    "01204",
    "0161",
    "020",
    "0306",
    "055",
    "056",
    "0770",
    "070",
    "076",
    "0800",
    "0909",
)
ROUTES_HERE = ("Affinity", "affinity", " Aurora Affinity", "AURORA AFFINITY\u00a0", "Affinity")
ROUTES_ELSEWHERE = (
    "The Layer",
    " the layer ",
    "THE LAYER",
    "Gamma",
    " gamma",
    "Abillity",
    "Nowhere Ltd",
    "Aurora  Affinity",
    "Affinity Ltd",
)
ODD_NAMES = (
    "Smith & Sons, Ltd",
    'The "Best" Bakery',
    "Café Zürich",
    "Line\nbreak House",
    "=1+1",
    "Ng, O'Neil|Pipe",
    "日本テレコム",
    "A\rB Telecom",
    "-dash",
    'Pipe 5" Ltd',
)
FREQUENCIES = ("Monthly", "Quarterly", "Annual")


@dataclass
class Product:
    """A product row with what the inventor must know to use it."""

    row: Row
    item_type: str
    takes: str
    """What its CLIs look like: `uk`, `any` or `none`."""
    clean: bool


@dataclass
class World:
    """All rows by feed, with the seams that later rows hang on."""

    rng: Random
    as_of: date
    feeds: dict[str, list[Row]] = field(default_factory=dict)
    products: list[Product] = field(default_factory=list)
    sites_of: dict[str, list[str]] = field(default_factory=dict)
    ref_of: dict[str, str] = field(default_factory=dict)
    pool: list[str] = field(default_factory=list)
    clean: list[tuple[Row, Row]] = field(default_factory=list)
    numbers: int = 0
    assets: int = 0

    def chance(self, share: float) -> bool:
        """True with this probability."""
        return self.rng.random() < share

    def day(self, offset: int) -> date:
        """A day so far from the as-of day."""
        return self.as_of + timedelta(days=offset)

    def add(self, feed: str, **cells: Cell) -> Row:
        """A new row of a feed."""
        row: Row = dict(cells)
        self.feeds.setdefault(feed, []).append(row)
        return row

    def uk_number(self, start: str | None = None) -> str:
        """A number nobody has yet, in national form."""
        self.numbers += 1
        prefix = start or self.rng.choice(UK_STARTS)
        short = prefix in ("01204", "0800") and self.numbers % 5 == 0
        return prefix + str(self.numbers).zfill((10 if short else 11) - len(prefix))

    def spell(self, number: str) -> str:
        """The number as someone might have typed it; it cleans to the same."""
        rest, rng = number[1:], self.rng
        forms = [
            number,
            number,
            f"{number[:5]} {number[5:]}",
            f"+44{rest}",
            f"+44 (0){rest}",
            f"0044 {rest}",
            f"00440{rest}",
            f"({number[:4]})\u00a0{number[4:]}",
            f"{number[:3]}-{number[3:7]}.{number[7:]}",
        ]
        if len(number) == 11:
            forms.append(f"44{rest}")
        return rng.choice(forms)

    def service_reference(self) -> str:
        """A reference that is no phone number."""
        self.numbers += 1
        number, rng = self.numbers, self.rng
        forms = [
            f"BBEU{number:08d}",
            f"CIRCUIT/{number}-A",
            f"Ünit {number}",
            f"{number}".rjust(40, "x"),
            f"4.4E+{number}",
            f"0161{number:07d}",
            f"+44161{number:07d}",
            f"ref, {number}",
        ]
        return rng.choice(forms)


def clamp(day: date, months: int) -> date:
    """The same day so many months on, at most the month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def invent(*, lines: int, seed: int, as_of: date, months: int) -> World:
    """A whole world, with one line in twelve too many: those that `edit` lets arrive later.

    Args:
        lines: how many order lines; everything else follows.
        seed: the same seed gives the same world.
        as_of: the day around which dates are drawn.
        months: the profile's window of plausible bill starts.
    """
    world = World(Random(f"world-{seed}"), as_of)
    world.pool = [world.uk_number() for _ in range(max(6, lines // 150))]
    _platforms(world)
    _catalogue_and_products(world, max(48, lines // 80))
    customers = _customers_and_sites(world, max(16, lines // 12))
    orders = _orders(world, customers, max(12, lines // 4))
    _standing_assets(world, customers, max(20, lines // 12))
    window = (clamp(as_of, -months), clamp(as_of, months))
    for number in range(1, lines + lines // 12 + 1):
        _line(world, number, orders, window)
    _numbers(world)
    _links(world)
    _live_clis(world)
    _people_and_places(world, customers, max(20, lines // 20))
    _quotations(world)
    _site_products(world, max(10, lines // 40))
    return world


def _platforms(world: World) -> None:
    for name in ("Gamma", "gamma", "Abillity", "The Layer", "Zen"):
        world.add("billing_platforms", name=name)


def _catalogue_and_products(world: World, count: int) -> None:
    for number in range(count):
        rng = world.rng
        clean = number < count * 0.55
        takes, category, needs_cli, item_type = rng.choice(
            [
                ("uk", "Voice", True, "Service"),
                ("uk", "Mobile", True, "Service"),
                ("any", "Broadband", True, "Service"),
                ("any", None, None, "Service"),
                ("none", "Licence", False, "Service"),
                ("any", "Hardware", False, "Product"),
                ("any", "Carriage", None, "Product"),
            ],
        )
        sku: str | None = f"SKU-{number:04d}"
        world.add(
            "affinity_products",
            product_code=sku,
            name=f"Code {number}",
            is_active=rng.choice([None, True, True]),
            price=Decimal(number),
        )
        row = world.add(
            "products",
            product_id=f"P{number:04d}",
            name=rng.choice(ODD_NAMES) if world.chance(0.2) else f"Product {number}",
            base_category=category,
            item_type=item_type,
            external_sku=sku,
            upfront_billing_route=rng.choice(ROUTES_HERE),
            recurring_billing_route=rng.choice(ROUTES_HERE),
            upfront_price=Decimal(rng.randrange(1, 90_000)) / 100,
            recurring_price=Decimal(rng.randrange(1, 90_000_000)) / 10_000,
            billing_frequency=rng.choice(FREQUENCIES),
            needs_cli=needs_cli,
            fixed_billing=rng.choice([None, False, True]),
            is_custom=rng.choice([None, None, False]),
        )
        if item_type == "Product" and clean and world.chance(0.7):
            row["recurring_price"] = None
        if world.chance(0.2):
            row["external_sku_recurring"] = f"SKU-R{number:04d}"
            world.add("affinity_products", product_code=f"SKU-R{number:04d}")
        if not clean:
            for _ in range(rng.choice([1, 1, 2])):
                _odd_product(world, row, number)
        world.products.append(Product(row, item_type, takes, clean))


def _odd_product(world: World, row: Row, number: int) -> None:
    rng = world.rng
    quirk = rng.randrange(12)
    if quirk == 0:
        row.update(external_sku=None, external_sku_recurring=None)
    elif quirk == 1:
        row.update(external_sku=None, external_sku_recurring=None, is_custom=True)
    elif quirk == 2:
        row["external_sku"] = rng.choice([f"sku-{number:04d}", f"GONE-{number}", "SKU- 0001"])
    elif quirk in (3, 4):
        dead = f"OLD-{number:04d}"
        world.add("affinity_products", product_code=dead, is_active=quirk == 4, price=Decimal(1))
        if quirk == 4:
            world.feeds["affinity_products"][-1]["price"] = "-1"
        row["external_sku"] = dead
    elif quirk == 5:
        row["upfront_billing_route"] = rng.choice(ROUTES_ELSEWHERE)
    elif quirk == 6:
        row["recurring_billing_route"] = rng.choice([None, *ROUTES_ELSEWHERE])
    elif quirk == 7:
        row["upfront_price"] = rng.choice([None, Decimal(0), "-0.00", "0.0000"])
    elif quirk == 8:
        row["recurring_price"] = rng.choice([None, Decimal(0), "£-0"])
    elif quirk == 9:
        row["billing_frequency"] = None
    elif quirk == 10:
        row["needs_cli"] = rng.choice([True, None, False])
    else:
        row.update(item_type="Product", recurring_price=Decimal("3.5"))


def _customers_and_sites(world: World, count: int) -> list[str]:
    rng = world.rng
    customers = []
    for number in range(count):
        customer_id = f"c{number - 1}" if number % 97 == 96 else f"C{number}"
        customers.append(customer_id)
        odd = world.chance(0.1)
        world.add(
            "customers",
            customer_id=customer_id,
            name=rng.choice(ODD_NAMES) if world.chance(0.15) else f"Customer {number}",
            registered_name=None,
            status=rng.choice(["Cancelled", "Pending", "Live"]) if odd else "Live",
            integration_id=None if odd and world.chance(0.5) else f"AFF{number:05d}",
            vat_number=rng.choice([None, "GB123456789"]),
            telephone=rng.choice([None, "0161 496 0000"]),
        )
        for place in range(rng.choice([1, 1, 2, 3])):
            _site(world, customer_id, f"S{number}-{place}", default=place == 0)
    return customers


def _site(world: World, customer_id: str, site_id: str, *, default: bool) -> None:
    rng = world.rng
    ref: str | None = f"R{len(world.ref_of):05d}"
    kind = rng.random()
    world.sites_of.setdefault(customer_id, []).append(site_id)
    if kind < 0.02 and world.ref_of:
        ref = rng.choice(list(world.ref_of.values()))
    if kind < 0.86:
        world.ref_of[site_id] = str(ref)
    else:
        ref = None
    world.add(
        "sites",
        site_id=site_id,
        customer_id=customer_id,
        parent_site_id=rng.choice([None, None, "S0-0", "S-nowhere"]),
        name=f"Site {site_id}",
        is_default=rng.choice([default, None]),
        integration_id=ref,
    )


def _orders(world: World, customers: list[str], count: int) -> list[Row]:
    rng = world.rng
    orders = []
    for number in range(count):
        customer_id = rng.choice(customers)
        status = rng.choice(["In Progress", "Completed"])
        if world.chance(0.06):
            status = rng.choice(
                ["Cancelled", " cancelled ", "CANCELLED\u00a0", "Cancelled by us", "Not Cancelled"],
            )
        orders.append(
            world.add(
                "orders",
                order_id=f"O{number}",
                order_ref=f"SO-{number:06d}",
                customer_id=customer_id,
                site_id=rng.choice(world.sites_of[customer_id]) if world.chance(0.93) else None,
                status=status,
                po_ref=rng.choice([None, None, f"PO {number}", "PO, 7", '"PO"']),
                created_on=world.day(-rng.randrange(10, 500)),
            ),
        )
    return orders


def _asset(world: World, **cells: Cell) -> Row:
    world.assets += 1
    return world.add("assets", asset_id=f"A{world.assets:06d}", **cells)


def _standing_assets(world: World, customers: list[str], count: int) -> None:
    """Assets without lines: what New & Cease replaces, what conflicts, what chains upwards."""
    rng = world.rng
    hot = world.pool[0]
    services = [product for product in world.products if product.item_type == "Service"]
    for number in range(count):
        customer_id = rng.choice(customers)
        shared = number % 3 == 0
        start = -900 + number * 3 if shared else -rng.randrange(30, 2000)
        end = start + rng.choice([1, 2, 2, 3]) if shared else start + rng.randrange(-9, 900)
        cli = hot if shared else rng.choice(world.pool)
        if world.chance(0.4):
            cli = world.uk_number()
        _asset(
            world,
            customer_id=customer_id,
            product_id=rng.choice(services).row["product_id"],
            cli=world.spell(cli) if world.chance(0.95) else rng.choice(["4.4E+11", "x"]),
            is_live=world.chance(0.75),
            connection_on=None if world.chance(0.05) else world.day(start),
            cease_on=None if world.chance(0.1 if shared else 0.4) else world.day(end),
            parent_asset_id=f"A{rng.randrange(1, count):06d}" if world.chance(0.15) else None,
        )


def _line(world: World, number: int, orders: list[Row], window: tuple[date, date]) -> None:
    rng = world.rng
    order = rng.choice(orders)
    clean_products = [product for product in world.products if product.clean]
    product = rng.choice(clean_products if world.chance(0.8) else world.products)
    started = world.day(-rng.randrange(0, 25))
    line = world.add(
        "order_lines",
        line_id=f"L{number:06d}",
        order_id=order["order_id"],
        product_id=product.row["product_id"],
        action=rng.choice([None, "New"]),
        quantity=rng.choice([1, 1, 1, 2, 10]),
        converted_on=rng.choice([None, started - timedelta(days=1)]),
        connected_on=started if product.item_type == "Service" else None,
        issued_on=started if product.item_type == "Product" else None,
        term_months=rng.choice([None, None, 12, 24, 36, 1, 0, -1]),
    )
    asset = _asset(
        world,
        line_id=line["line_id"],
        customer_id=order["customer_id"],
        product_id=product.row["product_id"],
        is_live=True,
        connection_on=rng.choice([started, started, None]),
        quantity=rng.choice([None, 1]),
    )
    line["asset_id"] = asset["asset_id"]
    if product.takes == "uk":
        asset["cli"] = world.spell(world.uk_number())
    elif product.takes == "any" and world.chance(0.8):
        asset["cli"] = world.service_reference()
    elif product.takes == "none" and world.chance(0.2):
        asset["cli"] = "left over"
    if world.chance(0.12):
        line["cli"] = asset.pop("cli", None)
    elif world.chance(0.1):
        line["cli"] = "01632 960000"
    quirks = rng.choices([0, 1, 2, 3, 5], [42, 34, 14, 8, 2])[0]
    for quirk in rng.sample(QUIRKS, quirks):
        quirk(world, line, asset, window)
    if not quirks and product.clean:
        world.clean.append((line, asset))


Quirk = Callable[[World, Row, Row, tuple[date, date]], None]


def _updates(_world: World, line: Row, _asset: Row, _window: Any) -> None:
    line["action"] = "Update"


def _replaces(world: World, line: Row, asset: Row, _window: Any) -> None:
    line["action"] = "New & Cease"
    started = line.get("connected_on")
    line["target_asset_id"] = world.rng.choice([None, "A-nowhere", "A000001", "A000002"])
    if world.chance(0.6) and isinstance(started, date):
        old = _asset_like(world, asset)
        old["line_id"] = None
        old["connection_on"] = started - timedelta(days=700)
        old["cease_on"] = world.rng.choice([None, started, started - timedelta(days=1)])
        old["is_live"] = world.chance(0.6)
        line["target_asset_id"] = old["asset_id"]


def _asset_like(world: World, asset: Row) -> Row:
    cells = {name: cell for name, cell in asset.items() if name != "asset_id"}
    return _asset(world, **cells)


def _names_no_asset(world: World, line: Row, _asset: Row, _window: Any) -> None:
    line["asset_id"] = world.rng.choice(["A-nowhere", "a000001"])


def _leaves_the_asset_to_the_line(world: World, line: Row, asset: Row, _window: Any) -> None:
    line["asset_id"] = None
    for _ in range(world.rng.choice([0, 0, 0, 1, 2])):
        _asset_like(world, asset)


def _is_not_converted(_world: World, line: Row, asset: Row, _window: Any) -> None:
    line["asset_id"] = None
    asset["line_id"] = None


def _has_no_date(_world: World, line: Row, _asset: Row, _window: Any) -> None:
    line.update(connected_on=None, issued_on=None)


def _is_early(world: World, line: Row, _asset: Row, _window: Any) -> None:
    day = world.day(world.rng.choice([0, 1, 1, 30]))
    for name in ("connected_on", "issued_on"):
        if line.get(name) is not None:
            line[name] = day


def _is_priced(world: World, line: Row, _asset: Row, _window: Any) -> None:
    prices: list[Cell] = [Decimal(0), Decimal("0.0001"), Decimal("99999999999999.9999"), "£1,234.5"]
    line[world.rng.choice(["upfront_price", "recurring_price"])] = world.rng.choice(prices)


def _is_routed(world: World, line: Row, asset: Row, _window: Any) -> None:
    route = world.rng.choice(ROUTES_ELSEWHERE + ROUTES_HERE)
    which = world.rng.choice(["upfront_billing_route", "recurring_billing_route"])
    world.rng.choice([line, asset])[which] = route


def _is_routed_twice(world: World, line: Row, asset: Row, _window: Any) -> None:
    for record in (line, asset):
        record["upfront_billing_route"] = world.rng.choice(ROUTES_ELSEWHERE)
        record["recurring_billing_route"] = world.rng.choice(ROUTES_HERE)


def _is_not_billed(world: World, line: Row, asset: Row, _window: Any) -> None:
    target = world.rng.choice(["upfront_do_not_bill", "recurring_do_not_bill", "do_not_bill"])
    (asset if target == "do_not_bill" else line)[target] = world.chance(0.8)
    line["do_not_bill_reason"] = "=goodwill"


def _has_a_status(world: World, line: Row, _asset: Row, _window: Any) -> None:
    statuses = ["In Billing", "In Billing", "Ready to Bill", "Not Billed", None]
    line["upfront_bill_status"] = world.rng.choice(statuses)
    line["recurring_bill_status"] = world.rng.choice(statuses)


def _is_overridden(world: World, line: Row, _asset: Row, window: tuple[date, date]) -> None:
    one = timedelta(days=1)
    line["bill_start_override"] = world.rng.choice(
        [
            window[0],
            window[0] - one,
            window[1],
            window[1] + one,
            world.as_of,
            world.day(-40),
            date(2000, 2, 29),
            date(9999, 12, 31),
            world.as_of.replace(day=1) - one,
        ],
    )


def _is_ceased(world: World, line: Row, asset: Row, _window: Any) -> None:
    start = asset.get("connection_on") or line.get("connected_on")
    if isinstance(start, date):
        asset["cease_on"] = start + timedelta(days=world.rng.choice([-30, -1, 0, 1, 400]))
        asset["cease_reason"] = "Moved, gone"
    asset["expiry_on"] = world.day(600)


def _is_dead(world: World, _line: Row, asset: Row, _window: Any) -> None:
    asset["is_live"] = world.chance(0.1)


def _is_another(world: World, line: Row, asset: Row, _window: Any) -> None:
    if world.chance(0.5):
        asset["product_id"] = world.rng.choice(world.products).row["product_id"]
    else:
        asset["customer_id"] = world.rng.choice(list(world.sites_of))


def _is_elsewhere(world: World, line: Row, asset: Row, _window: Any) -> None:
    customer_id = str(asset["customer_id"])
    if world.chance(0.4):
        customer_id = world.rng.choice(list(world.sites_of))
    site_id = world.rng.choice(world.sites_of[customer_id])
    world.rng.choice([line, asset])["site_id"] = site_id


def _has_odd_text(world: World, line: Row, asset: Row, _window: Any) -> None:
    number = world.uk_number("0161")
    asset["cli"] = world.rng.choice(
        [
            None,
            "4.4E+11",
            "4.41614960000e11",
            number[1:],
            f"O{number[1:]}",
            f"{number} (ADSL)",
            f"{number}-50",
            f"{number}/6",
            f"{number}1",
            "0500 123456",
            "+33 1 23 45 67 89",
            "44" + number,
            "-",
            "x" * 40,
            "y" * 41,
            "a\u00a0b",
            "tab\there",
            "zero\u200dwidth",
            "two\nlines",
            "emoji 📞",
            "'" + number,
        ],
    )
    if asset["cli"] is None:
        line["cli"] = None


def _shares_a_number(world: World, line: Row, asset: Row, _window: Any) -> None:
    asset["cli"] = world.spell(world.rng.choice(world.pool))
    if world.chance(0.5):
        start = world.day(-world.rng.randrange(0, 380))
        asset["connection_on"] = start
        if world.chance(0.5):
            asset["cease_on"] = start + timedelta(days=world.rng.choice([-5, 0, 3, 90]))
    if world.chance(0.1):
        asset["connection_on"] = None


def _has_parents(world: World, _line: Row, asset: Row, _window: Any) -> None:
    root = _asset_like(world, asset)
    root["line_id"] = None
    asset["parent_asset_id"] = root["asset_id"]
    shape = world.rng.randrange(5)
    if shape == 1:
        middle = _asset_like(world, root)
        middle["parent_asset_id"] = root["asset_id"]
        asset["parent_asset_id"] = middle["asset_id"]
    elif shape == 2:
        root["parent_asset_id"] = asset["asset_id"]
    elif shape == 3:
        root["parent_asset_id"] = root["asset_id"]
    elif shape == 4:
        root["cli"] = world.rng.choice(world.pool)


def _has_a_twin(world: World, line: Row, asset: Row, _window: Any) -> None:
    """Take the place of an earlier clean line; its asset too, so that the CLIs do not conflict."""
    if not world.clean:
        return
    other, its_asset = world.rng.choice(world.clean[-400:])
    for name in ("order_id", "product_id", "connected_on", "issued_on", "cli", "asset_id"):
        line[name] = other.get(name)
    if world.chance(0.3):
        line["bill_start_override"] = other.get("connected_on") or other.get("issued_on")
    asset["line_id"] = None
    asset["cli"] = world.uk_number() if world.chance(0.7) else its_asset.get("cli")


def _is_large(world: World, line: Row, _asset: Row, _window: Any) -> None:
    sizes: list[Cell] = [999_999_999_999_999_999, 1_000_001, "007"]
    line["quantity"] = world.rng.choice(sizes)


def _has_a_frequency(world: World, line: Row, _asset: Row, _window: Any) -> None:
    line["billing_frequency"] = world.rng.choice(FREQUENCIES)


def _has_both_dates(world: World, line: Row, _asset: Row, _window: Any) -> None:
    line["issued_on"] = world.day(-world.rng.randrange(0, 60))
    line["connected_on"] = world.day(-world.rng.randrange(0, 60))


QUIRKS: list[Quirk] = [
    _updates,
    _replaces,
    _replaces,
    _names_no_asset,
    _leaves_the_asset_to_the_line,
    _leaves_the_asset_to_the_line,
    _is_not_converted,
    _has_no_date,
    _is_early,
    _is_priced,
    _is_routed,
    _is_routed_twice,
    _is_not_billed,
    _has_a_status,
    _is_overridden,
    _is_overridden,
    _is_ceased,
    _is_dead,
    _is_another,
    _is_elsewhere,
    _is_elsewhere,
    _has_odd_text,
    _has_odd_text,
    _shares_a_number,
    _shares_a_number,
    _has_parents,
    _has_a_twin,
    _has_a_twin,
    _is_large,
    _has_a_frequency,
    _has_both_dates,
]


def _numbers(world: World) -> None:
    """Additional numbers: single, ranges good and wrong, exactly and just above the limit."""
    for asset in world.feeds["assets"]:
        if not world.chance(0.05):
            continue
        asset_id, rng = asset["asset_id"], world.rng
        block = world.uk_number("0161")[:-4]
        shape = rng.randrange(9)
        rows: list[tuple[str, str | None]] = [(block + "0000", None)]
        if shape == 0:
            rows = [(block + "0000", block + "0500")]
        elif shape == 1:
            rows = [(block + "0000", block + "0500"), (block + "0600", None)]
        elif shape == 2:
            ends = [
                block + "0000",
                block + "00",
                "EX20",
                block + "0099",
                world.spell(block + "0209"),
            ]
            rows = [(block + "0000", rng.choice(ends)), (block + "0100", block + "0099")]
        elif shape == 3:
            rows.append((rng.choice(["EX1", "1" + block[1:] + "00", "4.4E+11"]), None))
        elif shape == 4 and asset.get("cli") is not None:
            rows = [(str(asset["cli"]), rng.choice([None, block + "0009"])), *rows]
        elif shape == 5:
            rows = [(world.spell(f"{block}{n:04d}"), None) for n in range(12)]
        for start, end in rows:
            opened = rng.choice([None, None, world.day(-20), world.day(40)])
            closed = rng.choice([None, None, world.day(300)])
            world.add(
                "asset_numbers",
                asset_id=asset_id,
                cli=start,
                range_end=end,
                start_on=opened,
                end_on=closed,
            )


def _links(world: World) -> None:
    rng = world.rng
    names = ("Aurora Affinity", "affinity", " AURORA affinity", "Affinity")
    for site in world.feeds["sites"]:
        site_id, ref = str(site["site_id"]), site["integration_id"]
        unlinked = ref is None and world.chance(0.7)
        if not unlinked and not world.chance(0.12):
            continue
        new = f"R-link-{site_id}"
        same = str(ref) if ref is not None else new
        world.ref_of.setdefault(site_id, same)
        world.add(
            "application_links",
            application_name=rng.choice(names),
            entity_type=19,
            entity_id=site_id,
            integration_id=same if unlinked or world.chance(0.5) else new,
        )
        if world.chance(0.15):
            world.add(
                "application_links",
                application_name=rng.choice(["Sage", "AFFINITY ", "Gamma"]),
                entity_type=rng.choice([19, 18]),
                entity_id=site_id,
                integration_id=rng.choice([same, f"R-other-{site_id}"]),
            )
    world.add(
        "application_links",
        application_name="Affinity",
        entity_type=19,
        entity_id="S-nowhere",
        integration_id="R-nowhere",
    )


def _live_clis(world: World) -> None:
    """What Affinity has: our CLIs at our sites, at other sites, ended, spelled anyhow."""
    rng = world.rng
    refs = list(world.ref_of.values())
    orders = {order["order_id"]: order for order in world.feeds["orders"]}
    assets = {asset["asset_id"]: asset for asset in world.feeds["assets"]}
    for line in world.feeds["order_lines"]:
        if not world.chance(0.12):
            continue
        asset = assets.get(line.get("asset_id"), {})
        cli = asset.get("cli") or line.get("cli") or "01204 000000"
        site_id = asset.get("site_id") or line.get("site_id") or orders[line["order_id"]]["site_id"]
        ref = world.ref_of.get(str(site_id), "R-none") if world.chance(0.85) else rng.choice(refs)
        start = line.get("connected_on") or world.as_of
        ends = [None, None, start, world.day(-800), world.day(900)]
        if isinstance(start, date):
            ends.append(start - timedelta(days=1))
        world.add(
            "affinity_clis",
            site_ref=ref,
            cli=cli,
            start_on=rng.choice([None, world.day(-300), world.day(500)]),
            end_on=rng.choice(ends),
        )
    for extra in world.feeds.get("asset_numbers", [])[::7]:
        world.add("affinity_clis", site_ref=rng.choice(refs), cli=extra["cli"])


def _people_and_places(world: World, customers: list[str], count: int) -> None:
    rng = world.rng
    for number in range(count):
        customer_id = rng.choice(customers)
        site_id = rng.choice([None, *world.sites_of[customer_id]])
        world.add(
            "addresses",
            address_id=f"AD{number}",
            customer_id=customer_id,
            site_id=site_id,
            line1=rng.choice(["1 High St", "Flat 2,\n3 Low Rd", 'The "Mill"']),
            town="Bolton",
            postcode="BL1 1AA",
        )
        same = number % 4 == 0
        world.add(
            "contacts",
            contact_id="shared by many" if same else f"CT{number}",
            customer_id=customer_id,
            site_id=site_id,
            last_name=rng.choice(["Ng", "O'Neil", "Smith-Jones", "Łukasz"]),
            email="a@example.com",
        )


def _quotations(world: World) -> None:
    for line in world.feeds["order_lines"]:
        if world.chance(0.06):
            world.add(
                "quotation_lines",
                quotation_line_id=f"Q{line['line_id']}",
                quotation_ref=world.rng.choice([None, "QU-1", "Q 2"]),
                line_id=world.rng.choice([line["line_id"], "L-nowhere", None]),
                product_id=line["product_id"],
                cli=world.rng.choice([None, "01204 600001"]),
            )


def _site_products(world: World, count: int) -> None:
    rng = world.rng
    for number in range(count):
        world.add(
            "affinity_site_products",
            object_uid=f"U{number}",
            site_ref=rng.choice(list(world.ref_of.values())),
            cli=rng.choice([None, "01204600001"]),
            product_code=f"SKU-{number % 40:04d}",
            charge_type=rng.choice(["upfront", "RECURRING", None]),
            quantity=rng.choice([1, None]),
            unit_price=Decimal(number),
            start_on=world.day(-number),
        )
        world.add(
            "affinity_cease_requests",
            OBJECTUID=rng.choice([None, f"U{number}"]),
            **{"Completed On": rng.choice([None, world.day(-number)])},
        )


def edit(world: World, *, lines: int, seed: int, edition: int) -> None:
    """The world on its first day, or some days later.

    Edition 0 has the first `lines` lines. Each later one has all, and touches one line in
    fifteen: changes, removals, new statuses.
    """
    if not edition:
        del world.feeds["order_lines"][lines:]
    for turn in range(1, edition + 1):
        rng = Random(f"edit-{seed}-{turn}")
        assets = {asset["asset_id"]: asset for asset in world.feeds["assets"]}
        orders = {order["order_id"]: order for order in world.feeds["orders"]}
        gone: set[Cell] = set()
        for line in world.feeds["order_lines"]:
            if rng.random() > 1 / 15:
                continue
            order = orders[line["order_id"]]
            asset = assets.get(line.get("asset_id"), {})
            choice = rng.randrange(9)
            if choice == 0:
                gone.add(line["line_id"])
            elif choice == 1:
                line["quantity"] = rng.randrange(1, 50)
            elif choice == 2:
                order["po_ref"] = f"PO edited {turn}"
            elif choice == 3:
                line["recurring_price"] = Decimal(rng.randrange(0, 900)) / 100
            elif choice == 4:
                line["upfront_bill_status"] = "In Billing"
            elif choice == 5:
                order["status"] = "Cancelled"
            elif choice == 6:
                asset["cease_on"] = world.day(rng.randrange(-40, 40))
            elif choice == 7:
                asset["cli"] = world.uk_number()
            else:
                gone.add(asset.get("asset_id"))
        for feed, key in (("order_lines", "line_id"), ("assets", "asset_id")):
            world.feeds[feed] = [row for row in world.feeds[feed] if row[key] not in gone]
