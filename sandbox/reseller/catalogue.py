"""The price book of the sample reseller, and what Affinity's own catalogue knows of it.

Money is held as whole ten-thousandths of a pound, so it is exact and quick to write.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from sandbox.reseller.records import AffinityProduct, Product

POUND: Final = 10_000
PENNY: Final = 100

AFFINITY_NAMES: Final = ("affinity", "aurora affinity")
PLATFORMS: Final = ("Affinity", "Aurora Affinity", "Legacy Rater", "Wholesale Desk")


@dataclass(slots=True, frozen=True)
class Item:
    """A product with the facts that the world needs as numbers; prices in ten-thousandths."""

    product: Product
    family: str
    upfront: int
    recurring: int

    @property
    def is_service(self) -> bool:
        """Whether its trigger is a connection rather than an issue."""
        return self.product.item_type == "Service"


class _Range(NamedTuple):
    """A run of like products: `names` with recurring prices, all else shared."""

    family: str
    category: str
    item_type: str
    sku: str
    names: tuple[tuple[str, int, int], ...]  # name, up-front pence, recurring pence
    upfront_route: str = "Affinity"
    recurring_route: str = "Affinity"
    frequency: str = "Monthly"
    needs_cli: bool = False
    fixed: bool = False


_RANGES: Final = (
    _Range(
        "sim",
        "Mobile",
        "Service",
        "MOB-SIM",
        (
            ("SIM Only 1GB", 0, 650),
            ("SIM Only 5GB", 0, 899),
            ("SIM Only 25GB", 0, 1250),
            ("SIM Only Unlimited", 0, 2199),
            ("Shared Data Member", 500, 475),
            ("Data SIM 50GB", 500, 1625),
            ("Mobile Broadband 100GB", 999, 2475),
            ("IoT SIM 50MB", 150, 115),
        ),
        recurring_route="Aurora Affinity",
        needs_cli=True,
    ),
    _Range(
        "sim_bolt_on",
        "Mobile",
        "Service",
        "MOB-BOLT",
        (
            ("Bolt-on: EU Roaming", 0, 300),
            ("Bolt-on: World Traveller", 0, 1200),
            ("Bolt-on: 10GB Extra Data", 0, 550),
            ("Bolt-on: International Minutes", 0, 725),
            ("Bolt-on: Device Insurance", 0, 899),
            ("Bolt-on: Inclusive Voicemail", 0, 0),
        ),
        needs_cli=True,
    ),
    _Range(
        "handset",
        "Hardware",
        "Product",
        "HW-HS",
        (
            ("Handset Kestrel 12", 24999, 0),
            ("Handset Kestrel 12 Pro", 104900, 0),
            ("Handset Merlin S", 8999, 0),
            ("Rugged Handset Badger", 31950, 0),
            ('Tablet 10" Wi-Fi + Cellular', 42900, 0),
        ),
        recurring_route="",
    ),
    _Range(
        "handset_in_layer",
        "Hardware",
        "Product",
        "",
        (("Handset Wren (sale)", 4999, 0), ("SIM Adapter Kit", 199, 0)),
        upfront_route="The Layer",
        recurring_route="",
    ),
    _Range(
        "phone_line",
        "Lines and Calls",
        "Service",
        "LIN",
        (
            ("Single Analogue Line", 5500, 1749),
            ("Digital Voice Line", 0, 1199),
            ("ISDN2e Channel Pair", 9900, 3450),
        ),
        needs_cli=True,
    ),
    _Range(
        "broadband",
        "Broadband",
        "Service",
        "BB",
        (
            ("FTTC 40/10", 4999, 2695),
            ("FTTC 80/20", 4999, 3195),
            ("SOGEA 80/20", 5999, 3450),
            ("FTTP 160/30", 6999, 3999),
            ("FTTP 330/50", 6999, 4675),
            ("FTTP 1000/115", 9999, 6250),
        ),
        upfront_route="aurora affinity",
    ),
    _Range(
        "router",
        "Hardware",
        "Product",
        "HW-RT",
        (("Router, Wi-Fi 6", 8950, 0), ("Router 4G Failover", 18500, 0)),
        recurring_route="",
    ),
    _Range(
        "router_in_layer",
        "Hardware",
        "Product",
        "",
        (("Router (ISP standard)", 0, 0), ("Wall Plate & Fitting", 2500, 0)),
        upfront_route="",
        recurring_route="",
    ),
    _Range(
        "seat",
        "Hosted Voice",
        "Service",
        "HV-SEAT",
        (
            ("Hosted Seat Essential", 0, 599),
            ("Hosted Seat Professional", 1000, 949),
            ("Hosted Seat Call Centre", 2500, 1895),
        ),
        needs_cli=True,
    ),
    _Range(
        "seat_bolt_on",
        "Hosted Voice",
        "Service",
        "HV-ADD",
        (
            ("Call Recording 90 Days", 0, 350),
            ("CRM Connector", 0, 425),
            ("Wallboard", 1500, 1275),
        ),
        needs_cli=True,
    ),
    _Range(
        "number_range",
        "Hosted Voice",
        "Service",
        "HV-DDI",
        (("DDI Range", 1500, 250), ("SIP Trunk with DDIs", 4500, 1999)),
        needs_cli=True,
    ),
    _Range(
        "desk_phone",
        "Hardware",
        "Product",
        "HW-DP",
        (
            ("Desk Phone T46", 11250, 0),
            ("Conference Unit", 34900, 0),
            ("Headset, Wireless", 8475, 0),
        ),
        recurring_route="",
    ),
    _Range(
        "inbound",
        "Inbound",
        "Service",
        "INB",
        (("Freephone Number", 1000, 500), ("Premium Number", 5000, 2500)),
        needs_cli=True,
    ),
    _Range(
        "ethernet",
        "Ethernet",
        "Service",
        "ETH",
        (
            ("Ethernet 100Mb on 1Gb", 125000, 32900),
            ("Ethernet 1Gb", 249950, 59500),
            ("Ethernet 10Gb", 499900, 184900),
        ),
        fixed=True,
    ),
    _Range(
        "ethernet_quarterly",
        "Ethernet",
        "Service",
        "ETH-Q",
        (("Dark Fibre Pair", 1250000, 374999),),
        frequency="Quarterly",
        fixed=True,
    ),
    _Range(
        "licence",
        "Licences",
        "Service",
        "LIC",
        (
            ("Office Suite Business Basic", 0, 460),
            ("Office Suite Business Premium", 0, 1693),
            ("Endpoint Protection", 0, 287),
            ("Mail Archive 50GB", 0, 215),
        ),
    ),
    _Range(
        "licence_annual",
        "Licences",
        "Service",
        "LIC-Y",
        (("Backup Seat, paid yearly", 0, 3990), ("Password Vault, paid yearly", 0, 2388)),
        frequency="Annual",
    ),
    _Range(
        "support_in_layer",
        "Support",
        "Service",
        "",
        (("Helpdesk Bronze", 0, 9900), ("Helpdesk Gold", 25000, 29900)),
        upfront_route="The Layer",
        recurring_route="The Layer",
    ),
    _Range(
        "installation_in_layer",
        "Support",
        "Service",
        "",
        (("Engineer Half Day", 27500, 0), ("Project Management", 65000, 0)),
        upfront_route="",
        recurring_route="",
    ),
    _Range(
        "elsewhere",
        "Wholesale",
        "Service",
        "WHO",
        (("Wholesale SIP Channel", 0, 150), ("Least-cost Routing", 2500, 999)),
        upfront_route="Wholesale Desk",
        recurring_route="Legacy Rater",
    ),
    _Range(
        "mixed_routes",
        "Broadband",
        "Service",
        "BB-MX",
        (("FTTP 500/70, install by us", 12000, 5250),),
        upfront_route="The Layer",
    ),
    # The rest are set up wrongly, each in one way; only stories sell them.
    _Range("no_sku", "Mobile", "Service", "", (("Legacy Number Hosting", 0, 175),), needs_cli=True),
    _Range("sku_not_in_affinity", "Licences", "Service", "LIC-X", (("Fax to E-mail", 0, 399),)),
    _Range("sku_wrong_case", "Licences", "Service", "lic", (("Spam Filter", 0, 125),)),
    _Range("sku_inactive", "Licences", "Service", "LIC-OLD", (("Web Space 2011", 0, 499),)),
    _Range(
        "no_frequency",
        "Licences",
        "Service",
        "LIC-F",
        (("Signature Manager", 0, 149),),
        frequency="",
    ),
    _Range(
        "bad_route",
        "Licences",
        "Service",
        "LIC-R",
        (("Status Page", 0, 990),),
        recurring_route="Affinty",
    ),
    _Range("bad_price", "Licences", "Service", "LIC-B1", (("Rejected: price in words", 0, 100),)),
    _Range("bad_item_type", "Licences", "Bundle", "LIC-B2", (("Rejected: unknown type", 0, 100),)),
)
_LEFT_OUT_OF_AFFINITY: Final = frozenset({"sku_not_in_affinity", "sku_wrong_case"})


def pounds(amount: int) -> str:
    """An amount in ten-thousandths as plain decimal text with two to four places."""
    whole, part = divmod(amount, POUND)
    if part % PENNY == 0:
        return f"{whole}.{part // PENNY:02d}"
    return f"{whole}.{part:04d}".removesuffix("0")


def pounds_as_exported(amount: int) -> str:
    """The same as a price book prints it: a pound sign, thousands commas, two to four places."""
    plain = pounds(amount)
    whole, _, part = plain.partition(".")
    return f"£{int(whole):,}.{part}"


class Catalogue:
    """Every product of the reseller by family, ready to be sold."""

    def __init__(self, modified_at: str) -> None:
        """Build the price book; `modified_at` is the stamp all its records carry."""
        self._modified_at = modified_at
        self.by_family: dict[str, list[Item]] = defaultdict(list)
        self._made = 0
        for products in _RANGES:
            for position, (name, upfront_pence, recurring_pence) in enumerate(products.names, 1):
                item = self._item(products, position, name, upfront_pence, recurring_pence)
                self.by_family[products.family].append(item)

    def items(self) -> Iterator[Item]:
        """The price book in its own order."""
        for family in self.by_family.values():
            yield from family

    def custom(self, name: str, *, recurring: int, sku: str = "") -> Item:
        """A product made up while quoting; without `sku` it awaits its Affinity code."""
        self._made += 1
        product = Product(
            product_id=f"P{self._made:05d}",
            name=name,
            base_category="Support",
            item_type="Service",
            external_sku=sku,
            recurring_billing_route="Affinity",
            recurring_price=pounds(recurring),
            billing_frequency="Monthly",
            is_custom="yes",
            modified_at=self._modified_at,
        )
        return Item(product, "custom", 0, recurring)

    def platform_products(self) -> Iterator[AffinityProduct]:
        """Affinity's own list: what is sold, some of it inactive, and codes nobody sells."""
        for item in self.items():
            product = item.product
            codes = dict.fromkeys((product.external_sku, product.external_sku_recurring))
            for code in codes:
                if code and item.family not in _LEFT_OUT_OF_AFFINITY:
                    active = "false" if item.family == "sku_inactive" else "true"
                    yield AffinityProduct(
                        code, product.name, active, pounds(item.recurring or item.upfront)
                    )
        yield AffinityProduct(CUSTOM_CODE, "Bespoke Service", "true", "0.00")
        for number in range(1, 41):
            active = "false" if number % 5 == 0 else "true"
            yield AffinityProduct(f"ARC-{number:03d}", f"Archive tariff {number}", active, "1.00")
        yield AffinityProduct("ARC-899", "Archive tariff without a flag", "", "1.00")
        yield AffinityProduct("ARC-900", "Rejected: is it active?", "perhaps", "1.00")

    def _item(
        self, products: _Range, position: int, name: str, upfront_pence: int, recurring_pence: int
    ) -> Item:
        self._made += 1
        upfront, recurring = upfront_pence * PENNY, recurring_pence * PENNY
        is_service = products.item_type != "Product"
        separate_codes = products.family in ("broadband", "ethernet")
        sku = f"{products.sku}-{position}" if products.sku else ""
        product = Product(
            product_id=f"P{self._made:05d}",
            name=name,
            base_category=products.category,
            item_type=products.item_type,
            external_sku=sku,
            external_sku_recurring=f"{sku}-R" if separate_codes else "",
            upfront_billing_route=products.upfront_route,
            recurring_billing_route=products.recurring_route,
            upfront_price=pounds_as_exported(upfront) if upfront or not is_service else "",
            recurring_price=pounds_as_exported(recurring) if is_service else "",
            billing_frequency=products.frequency if is_service else "",
            needs_cli="yes" if products.needs_cli else "no",
            fixed_billing="yes" if products.fixed else "",
            is_custom="no",
            modified_at=self._modified_at,
        )
        if products.family == "bad_price":
            product.recurring_price = "one pound"
        return Item(product, products.family, upfront, recurring)


CUSTOM_CODE: Final = "BESPOKE-1"
