"""Worlds with more to find: quotations of every kind, CLIs that drift, records without a line.

It adds to a world of `inventing` by dice of its own, so that the other worlds stay as they are.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.chaos import draw_profile
from tests.oracle.contracts import FEEDS
from tests.oracle.inventing import Row, World, edit, invent
from tests.oracle.rendering import Manner, write_world


def make_busy_world(folder: Path, *, lines: int, seed: int, as_of: date) -> dict[str, Any]:
    """Write the feeds of a busier world; returns the profile to run it with."""
    profile = draw_profile(seed)
    feeds = profile["feeds"]
    rng = Random(f"busier-{seed}")
    profile.setdefault("validation", []).extend(RULES)
    world = invent(lines=lines, seed=seed, as_of=as_of, months=13)
    edit(world, lines=lines, seed=seed, edition=0)
    profile["price_book"] = GATES[seed % len(GATES)]
    _price_book(world, rng)
    _routes(world, rng)
    _quotations(world, rng)
    _drifting(world, rng)
    _billed_there(world, rng)
    manner = Manner(
        seed=seed,
        zone=ZoneInfo(profile["tenant"].get("timezone", "Europe/London")),
        encoding=feeds.get("encoding", "utf-8"),
        date_styles={name: feeds.get("date_style", {}).get(name, "iso") for name in FEEDS},
        labels=feeds.get("labels", {}),
        badness=0.04,
    )
    write_world(folder, world.feeds, manner)
    return profile


RULES: list[dict[str, Any]] = [
    {
        "name": "quoted_number",
        "stage": "quotation",
        "field": "cli",
        "required": True,
        "max_length": 14,
        "severity": "warn",
        "message": "Quote the number",
    },
    {
        "name": "known_customer",
        "stage": "quotation",
        "field": "customer_id",
        "base_category": "Mobile",
        "required": True,
        "severity": "block",
        "message": "Say whose it is",
    },
    {
        "name": "live_asset",
        "stage": "asset",
        "field": "is_live",
        "allowed": ["true"],
        "severity": "warn",
        "message": "It should be live",
    },
]
"""On top of the drawn ones: rules about records that need not have a line."""


GATES: list[dict[str, Any]] = [
    {},
    {"require_complete": True},
    {"max_price_drift": "7.5"},
    {"require_complete": True, "max_price_drift": "0"},
]


def _price_book(world: World, rng: Random) -> None:
    """Prices as in Affinity or a little beside them, shared codes, codes of nobody."""
    catalogue = {row["product_code"]: row for row in world.feeds["affinity_products"]}
    for product in world.products:
        row = product.row
        if rng.random() < 0.1:
            row["external_sku"] = rng.choice(list(catalogue))
        if rng.random() < 0.1:
            row["external_sku_recurring"] = rng.choice(list(catalogue))
        item = catalogue.get(row.get("external_sku_recurring") or row["external_sku"])
        price = row[rng.choice(["upfront_price", "recurring_price"])]
        if item is not None and isinstance(price, Decimal) and price > 1:
            item["price"] = price + rng.choice([Decimal(0), Decimal("0.0001"), Decimal("-0.75")])


def _routes(world: World, rng: Random) -> None:
    """Products The Layer invoices; lines and assets that say otherwise, either way."""
    for product in world.products:
        for kind in ("upfront", "recurring"):
            if rng.random() < 0.25:
                product.row[f"{kind}_billing_route"] = rng.choice(["The Layer", None, "Gamma"])
    assets = {asset["asset_id"]: asset for asset in world.feeds["assets"]}
    for line in world.feeds["order_lines"]:
        asset = assets.get(line.get("asset_id"))
        if asset is not None and rng.random() < 0.04:
            line.update(upfront_billing_route="The Layer", upfront_bill_status="In Billing")
            asset["upfront_billing_route"] = "Affinity"
    for feed in ("order_lines", "assets"):
        for row in world.feeds[feed]:
            for kind in ("upfront", "recurring"):
                if rng.random() < 0.12:
                    row[f"{kind}_billing_route"] = rng.choice(["Affinity", "The Layer", "Gamma"])
                if feed == "order_lines" and rng.random() < 0.05:
                    row[f"{kind}_do_not_bill"] = True
                if feed == "order_lines" and rng.random() < 0.05:
                    row[f"{kind}_bill_status"] = "In Billing"


def _quotations(world: World, rng: Random) -> None:
    """Half the lines were quoted, some twice; some quotations came to nothing."""
    number = 0
    for line in world.feeds["order_lines"]:
        for _ in range(rng.choice([0, 0, 1, 1, 1, 2])):
            number += 1
            _quotation(world, rng, number, line["line_id"], line)
    for _ in range(number // 8):
        number += 1
        line = rng.choice(world.feeds["order_lines"])
        _quotation(world, rng, number, rng.choice([None, "L-nowhere"]), line)


def _quotation(world: World, rng: Random, number: int, line_id: Any, line: Row) -> None:
    world.add(
        "quotation_lines",
        quotation_line_id=f"QL{number}",
        quotation_ref=rng.choice([None, "Q", "QU-77"]),
        customer_id=rng.choice([None, "C1"]),
        line_id=line_id,
        product_id=rng.choice([line["product_id"], line["product_id"], "P-nowhere", "P0003"]),
        cli=rng.choice([line.get("cli"), line.get("cli"), None, "01204 600 009", "to come"]),
        modified_at=rng.choice([None, "2026-01-02T03:04:05Z", "2026-02-02"]),
    )


def _drifting(world: World, rng: Random) -> None:
    """Numbers that were only ever on one side, spelt differently, or changed on the way."""
    assets = {asset["asset_id"]: asset for asset in world.feeds["assets"]}
    for line in world.feeds["order_lines"]:
        asset = assets.get(line.get("asset_id"))
        if asset is None or rng.random() > 0.4:
            continue
        choice = rng.randrange(4)
        if choice == 0:
            line["cli"] = asset.get("cli")
        elif choice == 1:
            line["cli"] = None
        elif choice == 2:
            line["cli"] = world.uk_number()
        elif isinstance(asset.get("cli"), str) and str(asset["cli"]).isdigit():
            line["cli"] = world.spell(str(asset["cli"]))


def _billed_there(world: World, rng: Random) -> None:
    """What Affinity bills: things of The Layer's own lines, more or less like them."""
    products = {product.row["product_id"]: product.row for product in world.products}
    orders = {order["order_id"]: order for order in world.feeds["orders"]}
    assets = {asset["asset_id"]: asset for asset in world.feeds["assets"]}
    for number, line in enumerate(world.feeds["order_lines"]):
        asset = assets.get(line.get("asset_id"), {})
        order = orders.get(line["order_id"], {})
        site = asset.get("site_id") or line.get("site_id") or order.get("site_id")
        product, ref = products.get(line["product_id"], {}), world.ref_of.get(str(site))
        code = product.get("external_sku")
        if ref is None or code is None or rng.random() > 0.3:
            continue
        started = world.day(-rng.randrange(100))
        world.add(
            "affinity_site_products",
            object_uid=f"THERE-{number}",
            site_ref=ref,
            cli=rng.choice([asset.get("cli"), line.get("cli"), None]),
            product_code=code,
            charge_type=rng.choice(["upfront", "recurring", "recurring", None]),
            start_on=rng.choice([started, None]),
            end_on=rng.choice([None, None, started, world.day(0), world.day(-1), world.day(9)]),
        )
        if asset and rng.random() < 0.2:
            asset["object_uid"] = f"THERE-{rng.randrange(number + 1)}"
