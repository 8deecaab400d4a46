"""What happens to a reseller on a day, drawn from a seed.

Every event leaves The Layer's records as people would: nothing is refused for its form, and where
the rules do not say what two events at once should mean, the second waits for another day.
"""

from collections.abc import Callable
from datetime import date, timedelta

from sandbox.reseller.telephone_numbers import NumberBook, as_typed
from tests.year.world import Row, World

DAY = timedelta(days=1)
QUIET = 45  # days after a change of end or stop before the other kind may follow
PRODUCTS = (
    # name, base category, type, up-front price, recurring price, frequency, needs a CLI
    ("Line Rental", "Voice", "Service", "35", "14.50", "Monthly", True),
    ("Hosted Seat", "Voice", "Service", "", "9.9900", "Monthly", True),
    ("SIM Only", "Mobile", "Service", "0", "7.25", "Monthly", True),
    ("Call Recording", "Features", "Service", "10", "3.3333", "Quarterly", True),
    ("Fibre 80", "Broadband", "Service", "99", "32", "Monthly", False),
    ("Leased Line", "Ethernet", "Service", "1500", "410.50", "Quarterly", False),
    ("Office Licence", "Licences", "Service", "", "11.30", "Annual", False),
    ("Desk Phone", "Hardware", "Product", "85.5", "", "", False),
)
VOICE = ("P0001", "P0002", "P0003")


class Reseller:
    """Draws what happens; the records are in `world`."""

    def __init__(self, world: World, customers: int) -> None:
        """A reseller with so many customers, two thirds of them billed in Affinity already."""
        self.world = world
        self.random = world.random
        self.numbers = NumberBook()
        self.size = customers
        self.touched: dict[str, date] = {}  # by line, when its end or stop was last changed
        self.leaving: set[str] = set()  # customers
        self.parents: dict[str, str] = {}  # line that a line hangs on
        self.national: dict[str, str] = {}  # number by what was typed
        self.last_run = world.today - DAY
        self._price_book()
        for _ in range(customers):
            linked = self.random.random() < 0.8
            self._household(linked=linked, billed=linked)

    # The beginning

    def _price_book(self) -> None:
        add = self.world.add
        for name in ("Affinity", "Cloud PBX"):
            add("billing_platforms", name=name)
        for name, category, kind, upfront, recurring, frequency, needs_cli in PRODUCTS:
            self._product(name, category, kind, upfront, recurring, frequency, needs_cli)
        for name in ("Bespoke Support", "Special Circuit"):
            self._product(name, "Bespoke", "Service", "50", "120", "Monthly", False, custom=True)

    def _product(
        self, name, category, kind, upfront, recurring, frequency, needs_cli, *, custom=False
    ):
        number = self.world.new_id("P")
        sku = "" if custom else f"SKU-{number}"
        both = bool(sku) and kind == "Service" and bool(upfront)
        self.world.add(
            "products",
            product_id=number,
            name=name,
            base_category=category,
            item_type=kind,
            external_sku=sku,
            external_sku_recurring=f"{sku}-R" if both else "",
            upfront_billing_route="Affinity",
            recurring_billing_route="Affinity",
            upfront_price=upfront,
            recurring_price=recurring,
            billing_frequency=frequency,
            needs_cli=needs_cli,
            is_custom=custom,
            fixed_billing=name == "Leased Line",
        )
        for code in (sku, f"{sku}-R" if both else ""):
            if code:
                self.world.add("affinity_products", product_code=code, name=name, is_active=True)

    def _household(self, *, linked: bool, billed: bool = False) -> str:
        """A customer with sites and people, and perhaps with things that are billed already."""
        world, draw = self.world, self.random
        customer = world.new_id("C")
        world.add(
            "customers",
            customer_id=customer,
            name=f"Customer {customer} Ltd",
            status="Live",
            integration_id=f"AC-{customer}" if linked else "",
            email=f"accounts@{customer.lower()}.example.com",
            bill_run=draw.choice(("1", "15", "")),
            payment_terms="30 days",
        )
        parent = ""
        for number in range(draw.choice((1, 2, 2, 3))):
            parent = self._site(customer, linked=linked, parent=parent, default=number == 0)
        world.add(
            "contacts",
            contact_id=world.new_id("K"),
            customer_id=customer,
            first_name="Pat",
            last_name=f"O'{customer}",
            role=draw.choice(("Billing", "Technical")),
        )
        if billed:
            for _ in range(draw.choice((0, 1, 1, 2, 3))):
                self._billed_already(customer)
        return customer

    def _site(self, customer: str, *, linked: bool, parent: str = "", default: bool = False) -> str:
        world, draw = self.world, self.random
        site = world.new_id("S")
        by_link = draw.random() < 0.3
        world.add(
            "sites",
            site_id=site,
            customer_id=customer,
            parent_site_id=parent if draw.random() < 0.4 else "",
            name=f"Site {site}",
            site_ref=f"REF-{site}" if draw.random() < 0.5 else "",
            is_default=default,
            integration_id=f"AS-{site}" if linked and not by_link else "",
        )
        if linked and by_link:
            world.add(
                "application_links",
                application_name="Affinity",
                entity_type="19",
                entity_id=site,
                integration_id=f"AS-{site}",
            )
        self._address(customer, site)
        return site

    def _address(self, customer: str, site: str) -> None:
        number = self.world.new_id("D")
        self.world.add(
            "addresses",
            address_id=number,
            customer_id=customer,
            site_id=site,
            address_type="Installation" if site else "Billing",
            line1=f"{int(number[1:])} Signal House",
            town="Anytown",
            postcode="AF1 1AA",
        )

    def _billed_already(self, customer: str) -> None:
        """A line whose recurring charge was in Affinity before anybody looked."""
        world, draw = self.world, self.random
        product = world.feeds["products"][draw.choice((*VOICE, *VOICE, "P0005", "P0006", "P0007"))]
        began = world.today - timedelta(days=draw.randint(40, 300))
        line = self._line(customer, product, upfront_price="0", recurring_bill_status="In Billing")
        number = world.new_id("U")
        asset = self._convert(line, began, object_uid=f"OBJ-{number}")
        world.change("order_lines", line["line_id"], connected_on=began)
        site_ref = f"AS-{line['site_id']}"
        cli = "" if product["base_category"] == "Licences" else asset["cli"]
        national = self.national.get(cli, cli)
        if cli:
            world.add("affinity_clis", site_ref=site_ref, cli=national, start_on=began)
        sku = product["external_sku_recurring"] or product["external_sku"]
        price = line["recurring_price"] or product["recurring_price"]
        end = ""
        if product["fixed_billing"] == "true" and line["term_months"]:
            world.change("order_lines", line["line_id"], term_months="")
        world.add(
            "affinity_site_products",
            object_uid=f"OBJ-{number}",
            site_ref=site_ref,
            cli=national,
            product_code=sku,
            charge_type="recurring",
            quantity=line["quantity"],
            unit_price=price,
            start_on=began,
            end_on=end,
        )

    # What people do

    def day(self) -> None:
        """One day's events."""
        for rate, happen in (
            (0.003, self.a_new_customer),
            (0.035, self.an_order),
            (0.080, self.a_conversion),
            (0.080, self.a_connection),
            (0.012, self.a_correction_of_a_date),
            (0.004, self.a_new_price),
            (0.030, self.a_quantity),
            (0.020, self.a_price_of_one),
            (0.020, self.a_renumber),
            (0.015, self.a_move),
            (0.015, self.a_replacement),
            (0.010, self.an_auto_renewal),
            (0.020, self.a_cease),
            (0.012, self.a_change_of_a_cease),
            (0.004, self.a_cease_request),
            (0.015, self.a_do_not_bill),
            (0.030, self.billed_again),
            (0.006, self.a_route_away),
            (0.008, self.an_order_cancelled),
            (0.012, self.a_customer_changes),
            (0.006, self.a_customer_leaves),
            (0.015, self.people_change),
            (0.010, self.a_new_site),
            (0.010, self.a_site_changes),
            (0.015, self.additional_numbers),
        ):
            expected = rate * self.size
            times = int(expected) + (self.random.random() < expected % 1)
            for _ in range(times):
                happen()

    def a_new_customer(self) -> None:
        self._household(linked=self.random.random() < 0.1)

    def an_order(self) -> None:
        customer = self._pick(
            "customers",
            lambda row: row["status"] == "Live" and row["customer_id"] not in self.leaving,
        )
        if customer is None:
            return
        product = self._pick("products", lambda _: True)
        line = self._line(customer["customer_id"], product)
        if product["product_id"] in VOICE and self.random.random() < 0.25:
            order = self.world.feeds["orders"][line["order_id"]]
            self._line(
                customer["customer_id"],
                self.world.feeds["products"]["P0004"],
                order=order,
                parent_of=line,
                cli=line["cli"],
            )

    def a_conversion(self) -> None:
        line = self._pick_line(lambda row: not row["asset_id"] and self._alive(row))
        if line is None:
            return
        item = self.world.feeds["products"][line["product_id"]]["item_type"]
        connection = self.world.today + timedelta(days=self.random.choice((0, 0, 1, 5, 20)))
        self._convert(line, connection if item == "Service" else None)

    def a_connection(self) -> None:
        line = self._pick_line(
            lambda row: row["asset_id"] and not row["connected_on"] and not row["issued_on"]
        )
        if line is None:
            return
        item = self.world.feeds["products"][line["product_id"]]["item_type"]
        day = self.world.today - timedelta(days=self.random.choice((0, 0, 0, 3)))
        column = "connected_on" if item == "Service" else "issued_on"
        self.world.change("order_lines", line["line_id"], **{column: day})

    def a_correction_of_a_date(self) -> None:
        asset = self._pick_asset(
            lambda row: row["connection_on"] and not row["object_uid"] and self._plain(row)
        )
        if asset is None or self._is_replacement(asset) or self._stopped_ever(asset):
            return
        if self._is_to_be_replaced(asset):
            return
        day = date.fromisoformat(asset["connection_on"]) + timedelta(
            days=self.random.choice((-2, 3))
        )
        self.world.change("assets", asset["asset_id"], connection_on=day)

    def a_new_price(self) -> None:
        product = self._pick("products", lambda row: row["recurring_price"])
        price = f"{float(product['recurring_price']) * self.random.uniform(0.95, 1.1):.2f}"
        self.world.change("products", product["product_id"], recurring_price=price)

    def a_quantity(self) -> None:
        asset = self._pick_asset(self._can_change)
        if asset:
            self.world.change("assets", asset["asset_id"], quantity=self.random.randint(1, 9))

    def a_price_of_one(self) -> None:
        asset = self._pick_asset(self._can_change)
        if asset:
            price = f"{self.random.uniform(1, 50):.{self.random.choice((2, 4))}f}"
            self.world.change("assets", asset["asset_id"], recurring_price=price)

    def a_renumber(self) -> None:
        asset = self._pick_asset(
            lambda row: row["cli"] and self._can_change(row) and self._can_go_elsewhere(row)
        )
        if asset is None:
            return
        product = self.world.feeds["products"][asset["product_id"]]
        cli = self._number(product)
        for member in self._family(asset):
            self.world.change("assets", member["asset_id"], cli=cli)

    def a_move(self) -> None:
        asset = self._pick_asset(lambda row: self._can_change(row) and self._can_go_elsewhere(row))
        if asset is None:
            return
        sites = [
            row["site_id"]
            for row in self.world.feeds["sites"].values()
            if row["customer_id"] == asset["customer_id"] and self._is_linked(row["site_id"])
        ]
        here = asset["site_id"]
        if elsewhere := sorted(set(sites) - {here}):
            site = self.random.choice(elsewhere)
            for member in self._family(asset):
                self.world.change("assets", member["asset_id"], site_id=site)

    def a_replacement(self) -> None:
        """A New & Cease order for an asset that is billed; converted and connected like any."""
        asset = self._pick_asset(
            lambda row: self._can_change(row) and self._plain(row) and self._is_billed(row)
        )
        if asset is None or len(self._family(asset)) > 1 or asset["parent_asset_id"]:
            return
        if self._has_numbers(asset):
            return
        product = self.world.feeds["products"][asset["product_id"]]
        if product["needs_cli"] == "true" and self.random.random() < 0.5:
            product = self.world.feeds["products"][self.random.choice(VOICE)]
        self._line(
            asset["customer_id"],
            product,
            action="New & Cease",
            target_asset_id=asset["asset_id"],
            cli=asset["cli"],
            site_id=asset["site_id"],
        )

    def an_auto_renewal(self) -> None:
        asset = self._pick_asset(
            lambda row: self._can_change(row) and self._plain(row) and self._is_billed(row)
        )
        if asset is None or len(self._family(asset)) > 1 or asset["parent_asset_id"]:
            return
        if self._has_numbers(asset):
            return
        world = self.world
        world.change(
            "assets", asset["asset_id"], cease_on=world.today - DAY, cease_reason="Renewed"
        )
        line = world.line_of_asset[asset["asset_id"]]
        heir = asset | {
            "asset_id": world.new_id("A"),
            "line_id": self.random.choice((line, "")),
            "connection_on": str(world.today),
            "is_auto_renew": "true",
            "object_uid": "",
        }
        world.line_of_asset[heir["asset_id"]] = line
        world.add("assets", **heir)
        world.change("assets", asset["asset_id"], is_live=False)

    def a_cease(self) -> None:
        asset = self._pick_asset(self._can_end)
        if asset is None:
            return
        day = self.world.today + timedelta(days=self.random.choice((-20, -3, 0, 0, 7, 30, 60)))
        day = max(day, date.fromisoformat(asset["connection_on"] or str(day)))
        for member in self._family(asset):
            if not member["cease_on"] and (member == asset or member["parent_asset_id"]):
                self._end(member, max(day, date.fromisoformat(member["connection_on"])))

    def a_change_of_a_cease(self) -> None:
        """A cease is withdrawn, or its day changes."""
        asset = self._pick_asset(
            lambda row: (
                row["cease_on"]
                and row["is_live"] == "true"
                and row["cease_reason"] == "Customer left"
                and not row["parent_asset_id"]
                and len(self._family(row)) == 1
                and not self._is_target(row)
            )
        )
        if asset is None or self._customer_is_leaving(asset):
            return
        if self.random.random() < 0.4:
            self.world.change("assets", asset["asset_id"], cease_on="", cease_reason="")
            self.touched[self.world.line_of_asset[asset["asset_id"]]] = self.world.today
        else:
            self._end(asset, self.world.today + timedelta(days=self.random.choice((0, 14, 90))))

    def a_cease_request(self) -> None:
        asset = self._pick_asset(
            lambda row: row["object_uid"] and self._can_end(row) and len(self._family(row)) == 1
        )
        if asset and self._is_plain_chain(asset):
            self.world.add(
                "affinity_cease_requests",
                OBJECTUID=asset["object_uid"],
                Completed__On=self.world.today + timedelta(days=10),
            )
            self.touched[self.world.line_of_asset[asset["asset_id"]]] = self.world.today

    def a_do_not_bill(self) -> None:
        line = self._pick_line(self._can_stop)
        if line is None:
            return
        kind = self.random.choice(("recurring", "recurring", "upfront"))
        reason = self.random.choice(("", "Goodwill"))
        self.world.change(
            "order_lines",
            line["line_id"],
            **{f"{kind}_do_not_bill": True, "do_not_bill_reason": reason},
        )
        self.touched[line["line_id"]] = self.world.today

    def a_route_away(self) -> None:
        line = self._pick_line(self._can_stop)
        if line:
            route = self.random.choice(("The Layer", "Cloud PBX"))
            self.world.change("order_lines", line["line_id"], recurring_billing_route=route)
            self.touched[line["line_id"]] = self.world.today

    def billed_again(self) -> None:
        """What was stopped is let go, once people see that it is not billed."""
        line = self._pick_line(
            lambda row: (
                "true" in (row["recurring_do_not_bill"], row["upfront_do_not_bill"])
                or row["recurring_billing_route"]
            )
        )
        if line is None:
            return
        seen = self.last_run >= self.touched[line["line_id"]]
        kinds = [
            kind
            for kind in ("upfront", "recurring")
            if line[f"{kind}_do_not_bill"] == "true"
            or (kind == "recurring" and line["recurring_billing_route"])
        ]
        if seen and any(line[f"{kind}_bill_status"] == "In Billing" for kind in kinds):
            return
        self.world.change(
            "order_lines",
            line["line_id"],
            recurring_do_not_bill="",
            upfront_do_not_bill="",
            do_not_bill_reason="",
            recurring_billing_route="",
        )
        self.touched[line["line_id"]] = self.world.today

    def an_order_cancelled(self) -> None:
        line = self._pick_line(lambda row: not row["asset_id"])
        if line:
            others = [
                row
                for row in self.world.feeds["order_lines"].values()
                if row["order_id"] == line["order_id"]
            ]
            if not any(row["asset_id"] for row in others):
                self.world.change("orders", line["order_id"], status="Cancelled")

    def a_customer_changes(self) -> None:
        customer = self._pick("customers", lambda row: row["status"] == "Live")
        if customer:
            serial = self.world.new_id("R")
            change = self.random.choice(
                (
                    {"name": f"{customer['name']} {serial}"},
                    {"email": f"{serial.lower()}@example.com"},
                    {"bill_run": self.random.choice(("1", "15", "28"))},
                    {"vat_number": f"GB{serial}"},
                )
            )
            self.world.change("customers", customer["customer_id"], **change)

    def a_customer_leaves(self) -> None:
        """Everything ends, and once nothing is billed any more the customer is cancelled."""
        for identity in sorted(self.leaving):
            if not any(row["is_live"] == "true" for row in self._assets_of(identity)):
                self.world.change("customers", identity, status="Cancelled")
        customer = self._pick("customers", lambda row: row["status"] == "Live")
        if customer is None or customer["customer_id"] in self.leaving:
            return
        identity = customer["customer_id"]
        orders = [
            row for row in self.world.feeds["orders"].values() if row["customer_id"] == identity
        ]
        lines = [
            row
            for row in self.world.feeds["order_lines"].values()
            if row["order_id"] in {order["order_id"] for order in orders}
        ]
        assets = self._assets_of(identity)
        if any(self._is_stopped(row) for row in lines) or not all(
            row["cease_on"] or self._can_end(row) for row in assets
        ):
            return
        if any(not row["asset_id"] for row in lines if self._alive(row)):
            return
        self.leaving.add(identity)
        for asset in assets:
            if not asset["cease_on"]:
                began = date.fromisoformat(asset["connection_on"] or str(self.world.today))
                self._end(asset, max(self.world.today + timedelta(days=14), began))

    def people_change(self) -> None:
        if self.random.random() < 0.3:
            customer = self._pick("customers", lambda row: row["status"] == "Live")
            self._address(customer["customer_id"], "")
        elif self.random.random() < 0.5:
            contact = self._pick("contacts", lambda _: True)
            change = {"telephone": self.numbers.landline(), "role": "Owner"}
            self.world.change("contacts", contact["contact_id"], **change)
        else:
            address = self._pick("addresses", lambda _: True)
            change = {"line2": f"Floor {self.random.randint(1, 9)}"}
            self.world.change("addresses", address["address_id"], **change)

    def a_new_site(self) -> None:
        customer = self._pick("customers", lambda row: row["status"] == "Live")
        if customer:
            identity = customer["customer_id"]
            sites = [
                row["site_id"]
                for row in self.world.feeds["sites"].values()
                if row["customer_id"] == identity
            ]
            self._site(identity, linked=False, parent=self.random.choice(sites))

    def a_site_changes(self) -> None:
        site = self._pick("sites", lambda _: True)
        name = f"{site['name'].split(' (')[0]} ({self.world.new_id('N')})"
        self.world.change("sites", site["site_id"], name=name)

    def additional_numbers(self) -> None:
        """A further number of an asset comes, changes or ends."""
        if self.random.random() < 0.5:
            asset = self._pick_asset(
                lambda row: (
                    row["product_id"] == "P0002"
                    and self._can_change(row)
                    and self._plain(row)
                    and self._is_quiet(self._line_of(row))
                    and self._is_billed(row)
                    and not self._has_numbers(row)
                )
            )
            if asset:
                first, last = self.numbers.block(10)
                self.world.add(
                    "asset_numbers",
                    asset_id=asset["asset_id"],
                    cli=first,
                    range_end=self.random.choice((last, "")),
                    start_on=self.world.today,
                )
            return
        key, row = self.random.choice(list(self.world.feeds["asset_numbers"].items()) or [("", {})])
        if not key or row["end_on"]:
            return
        if self.random.random() < 0.5 and row["range_end"]:
            last = f"{int(row['cli'][-3:]) + self.random.randint(1, 9):03d}"
            self.world.change("asset_numbers", key, range_end=row["cli"][:-3] + last)
        else:
            self.world.change("asset_numbers", key, end_on=self.world.today + 5 * DAY)

    def a_code_arrives(self, product_id: str, code: str) -> None:
        """The price book gets the code that Affinity gave a product."""
        self.world.change("products", product_id, external_sku=code)

    # How they do it

    def _line(
        self,
        customer: str,
        product: Row,
        *,
        order: Row | None = None,
        parent_of: Row | None = None,
        **values: object,
    ) -> Row:
        world, draw = self.world, self.random
        sites = [
            row["site_id"]
            for row in world.feeds["sites"].values()
            if row["customer_id"] == customer
        ]
        if order is None:
            number = world.new_id("O")
            order = world.add(
                "orders",
                order_id=number,
                order_ref=f"SO-{number}",
                customer_id=customer,
                site_id=draw.choice(sites),
                status="Completed",
            )
        if "cli" not in values and product["product_id"] not in ("P0008", "P0009", "P0010"):
            values["cli"] = self._number(product)
        line = world.add(
            "order_lines",
            **{
                "line_id": world.new_id("L"),
                "order_id": order["order_id"],
                "product_id": product["product_id"],
                "site_id": order["site_id"],
                "quantity": draw.choice((1, 1, 1, 2, 5)),
                "recurring_price": draw.choice(("", "", "12.3456"))
                if product["recurring_price"]
                else "",
                "term_months": draw.choice(("", "12", "36")),
            }
            | values,
        )
        if parent_of is not None:
            self.parents[line["line_id"]] = parent_of["line_id"]
        return line

    def _convert(self, line: Row, connection: date | None, **values: object) -> Row:
        world = self.world
        order = world.feeds["orders"][line["order_id"]]
        parent = self.parents.get(line["line_id"])
        mother = world.feeds["order_lines"][parent]["asset_id"] if parent else ""
        replaced = world.feeds["assets"].get(line["target_asset_id"])
        if connection and replaced and replaced["connection_on"]:
            # of two that begin on one day the second is suspected to be sold twice
            began = date.fromisoformat(replaced["connection_on"])
            connection = max(connection, began + DAY)
        asset = world.add(
            "assets",
            asset_id=world.new_id("A"),
            line_id=line["line_id"],
            customer_id=order["customer_id"],
            site_id=world.feeds["assets"][mother]["site_id"] if mother else line["site_id"],
            product_id=line["product_id"],
            cli=world.feeds["assets"][mother]["cli"] if mother else line["cli"],
            is_live=True,
            connection_on=connection,
            parent_asset_id=mother,
            **values,
        )
        world.change(
            "order_lines", line["line_id"], asset_id=asset["asset_id"], converted_on=world.today
        )
        return asset

    def _number(self, product: Row) -> str:
        """A number or reference nobody had before, as somebody typed it."""
        if product["base_category"] in ("Broadband", "Ethernet"):
            return self.numbers.circuit("BBEU")
        if product["base_category"] == "Licences":
            return self.numbers.circuit("SEAT")
        mobile = product["base_category"] == "Mobile"
        plain = self.numbers.mobile() if mobile else self.numbers.landline()
        typed = as_typed(plain, self.random.random())
        self.national[typed] = plain
        return typed

    def _end(self, asset: Row, day: date) -> None:
        self.world.change("assets", asset["asset_id"], cease_on=day, cease_reason="Customer left")
        self.touched[self.world.line_of_asset[asset["asset_id"]]] = self.world.today

    # Who may

    def _pick(self, feed: str, fits: Callable[[Row], object]) -> Row | None:
        """A record that fits, or none after a few tries."""
        rows = list(self.world.feeds[feed].values())
        for _ in range(12):
            if rows and fits(row := self.random.choice(rows)):
                return row
        return None

    def _pick_line(self, fits: Callable[[Row], object]) -> Row | None:
        return self._pick("order_lines", fits)

    def _pick_asset(self, fits: Callable[[Row], object]) -> Row | None:
        return self._pick("assets", fits)

    def _line_of(self, asset: Row) -> Row:
        return self.world.feeds["order_lines"][self.world.line_of_asset[asset["asset_id"]]]

    def _alive(self, line: Row) -> bool:
        """Neither the order nor what it hangs on is off; a parent comes first."""
        order = self.world.feeds["orders"][line["order_id"]]
        parent = self.parents.get(line["line_id"])
        if parent and not self.world.feeds["order_lines"][parent]["asset_id"]:
            return False
        if line["action"] == "New & Cease":
            target = self.world.feeds["assets"][line["target_asset_id"]]
            if target["is_live"] != "true":
                return False
        customer = self.world.feeds["customers"][order["customer_id"]]
        return (
            order["status"] != "Cancelled"
            and customer["status"] == "Live"
            and customer["customer_id"] not in self.leaving
        )

    def _can_change(self, asset: Row) -> bool:
        """Live, not ending, nothing about to take its place."""
        return (
            asset["is_live"] == "true"
            and not asset["cease_on"]
            and asset["object_uid"] not in self._asked()
            and bool(asset["connection_on"])
            and not self._is_target(asset)
            and not self._customer_is_leaving(asset)
        )

    def _can_go_elsewhere(self, asset: Row) -> bool:
        """A renewal is known by its number and site, so those stay."""
        return (
            asset["is_auto_renew"] != "true"
            and not asset["parent_asset_id"]
            and not self._has_numbers(asset)
            and not self._is_stopped(self._line_of(asset))
        )

    def _can_end(self, asset: Row) -> bool:
        line = self._line_of(asset)
        return (
            self._can_change(asset)
            and not self._is_stopped(line)
            and not self._has_numbers(asset)
            and self._is_quiet(line)
            and not any(row["object_uid"] in self._asked() for row in (asset,) if row["object_uid"])
        )

    def _can_stop(self, line: Row) -> bool:
        """Billed or not; but nothing that ends, renews, is replaced or hangs together."""
        if self._is_stopped(line) or not self._is_quiet(line):
            return False
        asset = self.world.feeds["assets"].get(line["asset_id"])
        if asset is None:
            return not self.parents.get(line["line_id"]) and line["action"] != "New & Cease"
        return (
            self._can_change(asset)
            and self._plain(asset)
            and not self._has_numbers(asset)
            and not self._is_replacement(asset)
            and len(self._family(asset)) == 1
        )

    def _is_quiet(self, line: Row) -> bool:
        since = self.touched.get(line["line_id"])
        return since is None or self.world.today - since > QUIET * DAY

    def _is_stopped(self, line: Row) -> bool:
        return "true" in (line["recurring_do_not_bill"], line["upfront_do_not_bill"]) or bool(
            line["recurring_billing_route"]
        )

    def _is_to_be_replaced(self, asset: Row) -> bool:
        lines = self.world.feeds["order_lines"].values()
        return any(line["target_asset_id"] == asset["asset_id"] for line in lines)

    def _stopped_ever(self, asset: Row) -> bool:
        return self._line_of(asset)["line_id"] in self.touched

    def _plain(self, asset: Row) -> bool:
        return asset["is_auto_renew"] != "true" and not self._is_stopped(self._line_of(asset))

    def _is_plain_chain(self, asset: Row) -> bool:
        return self._line_of(asset)["asset_id"] == asset["asset_id"]

    def _is_target(self, asset: Row) -> bool:
        return any(
            row["target_asset_id"] == asset["asset_id"]
            for row in self.world.feeds["order_lines"].values()
        )

    def _is_replacement(self, asset: Row) -> bool:
        return self._line_of(asset)["action"] == "New & Cease"

    def _is_billed(self, asset: Row) -> bool:
        return self._line_of(asset)["recurring_bill_status"] == "In Billing"

    def _is_linked(self, site: str) -> bool:
        links = self.world.feeds["application_links"]
        return bool(
            self.world.feeds["sites"][site]["integration_id"] or f"Affinity|{site}" in links
        )

    def _has_numbers(self, asset: Row) -> bool:
        return any(
            key.startswith(f"{asset['asset_id']}|") for key in self.world.feeds["asset_numbers"]
        )

    def _customer_is_leaving(self, asset: Row) -> bool:
        return asset["customer_id"] in self.leaving

    def _asked(self) -> set[str]:
        return set(self.world.feeds["affinity_cease_requests"])

    def _family(self, asset: Row) -> list[Row]:
        """An asset and what hangs on it."""
        children = [
            row
            for row in self.world.feeds["assets"].values()
            if row["parent_asset_id"] == asset["asset_id"]
        ]
        return [asset, *children]

    def _assets_of(self, customer: str) -> list[Row]:
        return [
            row for row in self.world.feeds["assets"].values() if row["customer_id"] == customer
        ]
