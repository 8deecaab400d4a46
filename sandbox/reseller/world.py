"""The sample world: customers, their sites and orders, written as they are made.

Made customer by customer, so memory does not grow with the number of lines.
"""

from collections.abc import Mapping
from datetime import date
from random import Random
from typing import Final

from sandbox.reseller import invented_names
from sandbox.reseller.catalogue import PLATFORMS, Catalogue, Item, pounds
from sandbox.reseller.drafts import Calendar, Draft, Drafter, Household, Phase, Place, Sale
from sandbox.reseller.feed_files import FeedFile
from sandbox.reseller.records import (
    Address,
    AffinityCli,
    AffinitySiteProduct,
    ApplicationLink,
    BillingPlatform,
    CeaseRequest,
    Contact,
    Customer,
    Order,
    QuotationLine,
    Site,
)
from sandbox.reseller.telephone_numbers import NumberBook

# Share of customers up to, fewest and most lines, fewest and most sites.
_SIZES: Final = (
    (0.68, (1, 5), (1, 1)),
    (0.93, (6, 26), (1, 4)),
    (0.99, (30, 110), (3, 12)),
    (1.00, (150, 420), (10, 40)),
)
_LARGEST_SHARE: Final = 12  # no customer has more than a twelfth of all lines

# What kinds of customers buy, as weights.
_MIXES: Final = tuple(
    (tuple(mix), tuple(mix.values()))
    for mix in (
        {"mobiles": 14, "licences": 3, "support": 1, "connectivity": 2},
        {"voice": 8, "connectivity": 8, "inbound": 1, "licences": 3, "support": 2, "mobiles": 2},
        {"licences": 9, "support": 3, "connectivity": 5, "mobiles": 3, "ethernet": 1},
        {"ethernet": 4, "voice": 7, "elsewhere": 3, "connectivity": 3, "mobiles": 8, "licences": 2},
    )
)

_PHASES: Final = (
    Phase.BILLED,
    Phase.FRESH,
    Phase.OPEN,
    Phase.UNCONNECTED,
    Phase.AHEAD,
    Phase.HALF_BILLED,
)
_PHASE_WEIGHTS: Final = (51, 28, 11, 5, 2.5, 2.5)
_STATUS_OF_PHASE: Final = {
    Phase.BILLED: ("Completed",),
    Phase.HALF_BILLED: ("Completed", "Part Complete"),
    Phase.FRESH: ("Completed", "Part Complete", "In Progress"),
    Phase.AHEAD: ("Awaiting Connection",),
    Phase.UNCONNECTED: ("Awaiting Connection", "In Progress"),
    Phase.OPEN: ("In Progress", "Pending Approval", "Awaiting Stock"),
}
CANCELLED_SPELLINGS: Final = ("Cancelled", "cancelled", " CANCELLED ")


class World:
    """Writes a reseller's records into open feeds and counts down the lines that are left."""

    def __init__(
        self, feeds: Mapping[str, FeedFile], *, lines: int, rng: Random, as_of: date
    ) -> None:
        """Prepare an empty world of `lines` order lines as seen on `as_of`."""
        self.feeds = feeds
        self.rng = rng
        self.calendar = Calendar(as_of)
        self.book = NumberBook()
        self.catalogue = Catalogue(self.calendar.day(-200) + "T08:00:00Z")
        self.drafter = Drafter(rng, self.calendar)
        self.all_lines = lines
        self.left = lines
        self.elsewhere = Place("", "")  # the first site of some earlier customer
        self._customers = 0
        self._sites = 0
        self._orders = 0
        self._contacts = 0
        self._quotations = 0
        self._orphans = 0

    @property
    def written(self) -> int:
        """Order lines written so far."""
        return self.all_lines - self.left

    def open_books(self) -> None:
        """Write what is there before the first customer: platforms, price book, own account."""
        for name in PLATFORMS:
            self.feeds["billing_platforms"].add(BillingPlatform(name))
        for item in self.catalogue.items():
            self.feeds["products"].add(item.product)
        for product in self.catalogue.platform_products():
            self.feeds["affinity_products"].add(product)
        own = self.customer()
        own.name, own.registered_name = "Northwind Telecom (own use)", ""
        self.feeds["customers"].add(own)
        self.elsewhere = self.household(own).places[0]

    # Customers and sites

    def customer(self, *, linked: bool = True, status: str = "Live") -> Customer:
        """A new customer, not yet written."""
        rng = self.rng
        self._customers += 1
        number = self._customers
        name = invented_names.company_name(rng)
        return Customer(
            f"C{number:06d}",
            name,
            registered_name=name.replace("\n", " ") if rng.random() < 0.4 else "",
            status=status,
            integration_id=f"NW{number + 10_000}" if linked else "",
            vat_number=invented_names.vat_number(rng) if rng.random() < 0.7 else "",
            email=f"accounts@{invented_names.domain(name, number)}",
            telephone=invented_names.drama_telephone(rng),
            bill_run=("Month end", "Mid-month")[rng.random() < 0.2],
            payment_terms=("30 days", "14 days", "")[int(3 * rng.random())],
            payment_method=("Direct Debit", "BACS", "Card")[int(3 * rng.random())],
            account_manager=invented_names.person(rng)[0],
            modified_at=self.calendar.day(-int(300 * rng.random())) + "T11:12:13Z",
        )

    def household(self, customer: Customer, sites: int = 1) -> Household:
        """Write a customer's sites, addresses and contacts (not the customer itself)."""
        rng = self.rng
        household = Household(customer, [], rng.choice(_MIXES))
        regional = ""
        for number in range(1, sites + 1):
            site = self.site(household)
            if number > 1 and sites > 2:
                head_office = household.places[0].site_id
                site.parent_site_id = regional or head_office
                if number % 8 == 2:
                    site.parent_site_id = head_office
                    regional = site.site_id
                    site.name = f"Region {number // 8 + 1}"
            household.places.append(self.add_site(site, has_link=rng.random() < 0.4))
        for position in range(1 + int(2.4 * rng.random())):
            self.feeds["contacts"].add(self.contact(household, position))
        return household

    def site(self, household: Household) -> Site:
        """A new site of a household, not yet written; the first is the default one."""
        customer = household.customer
        self._sites += 1
        household.sites_made += 1
        number = household.sites_made
        name = "Head Office" if number == 1 else self.rng.choice(invented_names.SITE_KINDS)
        return Site(
            f"S{self._sites:07d}",
            customer.customer_id,
            name=name if number == 1 else f"{name} {number}",
            site_ref=name if number == 1 else f"{name} {number}",
            is_default="Yes" if number == 1 else "No",
            integration_id=customer.integration_id and f"{customer.integration_id}-{number:03d}",
            modified_at=customer.modified_at,
        )

    def add_site(self, site: Site, *, has_link: bool) -> Place:
        """Write a site and its address; a link repeats Affinity's ref, or replaces it."""
        ref = site.integration_id
        if has_link and ref:
            self.link(site.site_id, ref)
            if self.rng.random() < 0.5:
                site.integration_id = ""
        self.feeds["sites"].add(site)
        self.feeds["addresses"].add(self.address(site))
        return Place(site.site_id, ref)

    def link(self, site_id: str, ref: str) -> None:
        """Tie a site to a ref of the billing platform; a few links are to other applications."""
        links = self.feeds["application_links"]
        links.add(ApplicationLink("Aurora Affinity", "19", site_id, ref))
        if self.rng.random() < 0.05:
            links.add(ApplicationLink("Ledger Cloud", "19", site_id, f"LC-{site_id}"))

    def address(self, site: Site) -> Address:
        """A new address of a site, not yet written."""
        line1, town, county, postcode = invented_names.place(self.rng)
        return Address(
            f"D{site.site_id[1:]}",
            site.customer_id,
            site.site_id,
            "Billing" if site.is_default == "Yes" else "Installation",
            line1,
            town=town,
            county=county,
            postcode=postcode,
            country="United Kingdom",
            modified_at=site.modified_at,
        )

    def contact(self, household: Household, position: int = 0) -> Contact:
        """A new contact at a household's first site, not yet written."""
        customer = household.customer
        self._contacts += 1
        first_name, last_name = invented_names.person(self.rng)
        return Contact(
            f"K{self._contacts:07d}",
            customer.customer_id,
            household.places[0].site_id,
            first_name,
            last_name,
            invented_names.ROLES[position % len(invented_names.ROLES)],
            f"{first_name[:1].lower()}.{self._contacts}@{customer.email.partition('@')[2]}",
            customer.telephone,
            customer.modified_at,
        )

    # Orders and lines

    def sale(self, household: Household, phase: Phase, place: Place) -> Sale:
        """A new sale for `place` with its order, not yet written; the status fits the phase."""
        rng = self.rng
        self._orders += 1
        match phase:
            case Phase.BILLED:
                due = -45 - int(1500 * rng.random() ** 1.6)
            case Phase.AHEAD:
                due = 1 + int(40 * rng.random())
            case _:
                due = -int(44 * rng.random())
        statuses = _STATUS_OF_PHASE[phase]
        created_on = self.calendar.day(min(due, 0) - 12 - int(30 * rng.random()))
        order = Order(
            f"O{self._orders:07d}",
            f"SO-{self._orders + 4000}",
            household.customer.customer_id,
            place.site_id,
            statuses[int(len(statuses) * rng.random())],
            f"PO/{self._orders * 7 % 9000 + 1000}" if rng.random() < 0.35 else "",
            created_on if rng.random() < 0.8 else f"{created_on} 14:03:22",
            modified_at=f"{created_on}T14:03:22Z",
        )
        return Sale(household, order, phase, place, due)

    def any_phase(self) -> Phase:
        """A phase as orders have them on an ordinary day."""
        return self.rng.choices(_PHASES, _PHASE_WEIGHTS)[0]

    def size(self) -> tuple[int, int]:
        """Lines and sites of the next ordinary customer."""
        draw = self.rng.random()
        lines, sites = next((lines, sites) for share, lines, sites in _SIZES if draw < share)
        most = max(2, self.all_lines // _LARGEST_SHARE)
        return min(self.rng.randint(*lines), most), self.rng.randint(*sites)

    def pick(self, family: str) -> Item:
        """Some product of a family."""
        items = self.catalogue.by_family[family]
        return items[int(len(items) * self.rng.random())]

    def cli_for(self, item: Item) -> str:
        """An unused CLI or service reference of the kind that `item` has, or none."""
        match item.product.base_category:
            case "Mobile":
                return self.book.mobile()
            case "Lines and Calls" | "Hosted Voice":
                return self.book.landline()
            case "Inbound":
                return self.book.special()
            case "Broadband":
                return self.book.circuit("BBEU")
            case "Ethernet":
                return self.book.circuit("ETHX")
            case _:
                return ""

    def add(self, draft: Draft, household: Household) -> None:
        """Write a draft with its asset and, for what is billed, Affinity's side of it.

        Does nothing once the world has all its lines.
        """
        if self.left <= 0:
            return
        lines = self.feeds["order_lines"]
        self.left -= 1
        lines.add_ragged(draft.line, extra_cells=draft.cells_off)
        if draft.repeated and self.left > 0:
            self.left -= 1
            lines.add(draft.line)
        if draft.asset is not None:
            assets = self.feeds["assets"]
            assets.add_ragged(draft.asset, extra_cells=draft.asset_cells_off)
            for asset in draft.more_assets:
                assets.add(asset)
            for number in draft.numbers:
                self.feeds["asset_numbers"].add(number)
            if draft.upfront_billed or draft.recurring_billed:
                self._add_to_affinity(draft, household)
        if self.rng.random() < 0.25:
            self._quote(draft, household)

    def add_to_affinity_only(self, place: Place, product_code: str) -> None:
        """A site product that Affinity bills and The Layer does not know."""
        self._orphans += 1
        self.feeds["affinity_site_products"].add(
            AffinitySiteProduct(
                f"SX{self._orphans:08d}",
                place.ref,
                "",
                product_code,
                "recurring",
                "1",
                "5.00",
                self.calendar.day(-700),
            )
        )

    def _add_to_affinity(self, draft: Draft, household: Household) -> None:
        """What Affinity has for a billed line; now and then not what The Layer says."""
        rng, asset, product = self.rng, draft.owned, draft.item.product
        started = asset.connection_on or draft.line.connected_on or draft.line.issued_on
        ended = asset.cease_on if draft.cease_told else ""
        site_products = self.feeds["affinity_site_products"]
        if draft.upfront_billed:
            site_products.add(
                AffinitySiteProduct(
                    f"SU{asset.asset_id[1:]}",
                    draft.place.ref,
                    draft.cli,
                    product.external_sku,
                    "upfront",
                    draft.line.quantity,
                    pounds(draft.upfront),
                    draft.line.issued_on or draft.line.connected_on,
                )
            )
        if draft.recurring_billed:
            drift = rng.random()
            price = draft.recurring + (5000 if drift < 0.004 else 0)
            quantity = draft.quantity + (1 if 0.004 <= drift < 0.007 else 0)
            forgotten = 0.007 <= drift < 0.010
            if not forgotten:
                site_products.add(
                    AffinitySiteProduct(
                        asset.object_uid,
                        draft.place.ref,
                        draft.cli,
                        product.external_sku_recurring or product.external_sku,
                        "recurring",
                        str(quantity),
                        pounds(price),
                        started,
                        "" if drift > 0.97 else ended,
                    )
                )
            if 0.010 <= drift < 0.013:
                self.add_to_affinity_only(draft.place, product.external_sku)
            if 0.013 <= drift < 0.018 and not ended:
                notice = f"{self.calendar.day(int(40 * rng.random()) - 30)} 00:00:00"
                self.feeds["affinity_cease_requests"].add(CeaseRequest(asset.object_uid, notice))
            if draft.item.is_service and not draft.line.parent_line_id and not ended:
                household.assets.append((draft.item, asset))
        if draft.has_own_cli:
            clis = self.feeds["affinity_clis"]
            clis.add(AffinityCli(draft.place.ref, draft.cli, started, ended))

    def _quote(self, draft: Draft, household: Household) -> None:
        self._quotations += 1
        self.feeds["quotation_lines"].add(
            QuotationLine(
                f"Q{self._quotations:07d}",
                f"QU-{self._quotations // 3 + 900}",
                household.customer.customer_id,
                draft.line.line_id,
                draft.line.product_id,
                draft.cli if self.rng.random() < 0.97 else "",
                draft.line.modified_at,
            )
        )
