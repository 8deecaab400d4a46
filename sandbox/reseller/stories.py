"""The lines that an ordinary day does not bring by itself: one story per thing that can be wrong.

A story is named for what it is about. Each is told a number of times that grows with the world, but
often enough in a small one; everything else about its lines is as it should be.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final, TypeAlias

from sandbox.reseller.bundles import number_range, one, sell
from sandbox.reseller.catalogue import CUSTOM_CODE, POUND
from sandbox.reseller.drafts import Draft, Household, Phase, Place
from sandbox.reseller.feed_files import WRONG_BYTE
from sandbox.reseller.records import AffinityCli, ApplicationLink, AssetNumber, Order
from sandbox.reseller.world import CANCELLED_SPELLINGS, World

Tell: TypeAlias = Callable[[World, Household], None]
Change: TypeAlias = Callable[[World, Draft, Order], None]

_SMALL_WORLD: Final = 2000  # from here up, every story is told at least `at_least` times
_FEWEST_ORDINARY_LINES: Final = 4  # in smaller worlds, lines per telling


@dataclass(slots=True, frozen=True)
class Story:
    """Something to happen to `per_thousand` of the lines, and how it is told."""

    name: str
    per_thousand: float
    tell: Tell
    at_least: int = 3


def _tweak(
    name: str,
    per_thousand: float,
    family: str,
    phase: Phase,
    *changes: Change,
    at_least: int = 3,
) -> Story:
    """A story of one line at one of the customer's sites, with its own order."""

    def tell(world: World, household: Household) -> None:
        place = world.rng.choice(household.places)
        _write_line(world, household, place, family, phase, *changes)

    return Story(name, per_thousand, tell, at_least)


def _write_line(
    world: World,
    household: Household,
    place: Place,
    family: str,
    phase: Phase,
    *changes: Change,
) -> None:
    sale = world.sale(household, phase, place)
    draft = one(world, sale, family)
    for change in changes:
        change(world, draft, sale.order)
    world.feeds["orders"].add(sale.order)
    world.add(draft, household)


# Changes to a draft


def _line(column: str, *values: str) -> Change:
    """The line says one of `values` in `column`."""

    def change(world: World, draft: Draft, _order: Order) -> None:
        setattr(draft.line, column, world.rng.choice(values))

    return change


def _asset(column: str, *values: str) -> Change:
    """The asset says one of `values` in `column`."""

    def change(world: World, draft: Draft, _order: Order) -> None:
        setattr(draft.owned, column, world.rng.choice(values))

    return change


def _order(column: str, *values: str) -> Change:
    """The order says one of `values` in `column`."""

    def change(world: World, _draft: Draft, order: Order) -> None:
        setattr(order, column, world.rng.choice(values))

    return change


def _cli(*values: str) -> Change:
    """Line and asset both say one of `values` for their CLI."""

    def change(world: World, draft: Draft, _order: Order) -> None:
        draft.line.cli = draft.owned.cli = draft.cli = world.rng.choice(values)

    return change


def _asset_date(column: str, nearest: int, furthest: int) -> Change:
    """The asset says a day between `nearest` and `furthest` days from the as-of day."""

    def change(world: World, draft: Draft, _order: Order) -> None:
        setattr(draft.owned, column, world.calendar.day(world.rng.randint(nearest, furthest)))

    return change


def _asset_deleted(_world: World, draft: Draft, _order: Order) -> None:
    draft.line.asset_id = draft.owned.asset_id
    draft.asset = None


def _converted_twice(world: World, draft: Draft, _order: Order) -> None:
    draft.line.asset_id = ""
    draft.more_assets.append(world.drafter.second_asset(draft))


def _not_converted_but_connected(_world: World, draft: Draft, _order: Order) -> None:
    draft.asset, draft.line.asset_id, draft.line.converted_on = None, "", ""


def _no_site(_world: World, draft: Draft, order: Order) -> None:
    order.site_id = draft.line.site_id = draft.owned.site_id = ""


def _somebody_elses_site(world: World, draft: Draft, _order: Order) -> None:
    draft.line.site_id = draft.owned.site_id = world.elsewhere.site_id


def _another_product(world: World, draft: Draft, _order: Order) -> None:
    draft.owned.product_id = world.pick("licence").product.product_id


def _sold_monthly(_world: World, draft: Draft, _order: Order) -> None:
    draft.line.recurring_price = "4.99"
    draft.line.recurring_billing_route = "Affinity"


def _ceased_before_start(world: World, draft: Draft, _order: Order) -> None:
    draft.owned.cease_on = world.calendar.day(draft.day_offset - world.rng.randint(2, 30))


def _never_billed_for_years(world: World, draft: Draft, _order: Order) -> None:
    long_ago = world.calendar.day(-world.rng.randint(430, 900))
    draft.line.connected_on = draft.line.converted_on = long_ago
    draft.owned.connection_on = long_ago


def _bill_start_in_two_years(world: World, draft: Draft, _order: Order) -> None:
    draft.line.bill_start_override = world.calendar.day(world.rng.randint(430, 800))


def _cli_already_there(world: World, draft: Draft, _order: Order) -> None:
    known = AffinityCli(draft.place.ref, draft.cli, world.calendar.day(-300))
    world.feeds["affinity_clis"].add(known)


def _cli_was_there(world: World, draft: Draft, _order: Order) -> None:
    left = AffinityCli(
        draft.place.ref, draft.cli, world.calendar.day(-900), world.calendar.day(-200)
    )
    world.feeds["affinity_clis"].add(left)


def _cli_at_another_site(world: World, draft: Draft, _order: Order) -> None:
    there = AffinityCli(world.elsewhere.ref, draft.cli, world.calendar.day(-300))
    world.feeds["affinity_clis"].add(there)


def _line_ragged(world: World, draft: Draft, _order: Order) -> None:
    draft.cells_off = world.rng.choice((-3, 1))


def _asset_ragged(world: World, draft: Draft, _order: Order) -> None:
    draft.asset_cells_off = world.rng.choice((-1, 2))


def _line_repeated(_world: World, draft: Draft, _order: Order) -> None:
    draft.repeated = True


def _asset_repeated(_world: World, draft: Draft, _order: Order) -> None:
    draft.more_assets.append(draft.owned)


# Stories of more than one line, or of more than a line


def _new_and_cease(world: World, household: Household) -> None:
    """A service replaces another: the old asset ends the day before the new one starts."""
    place = world.rng.choice(household.places)
    phase = Phase.FRESH if world.rng.random() < 0.7 else Phase.BILLED
    family = world.rng.choice(("sim", "seat"))
    sale = world.sale(household, Phase.BILLED, place)
    old = one(world, sale, family)
    world.feeds["orders"].add(sale.order)

    sale = world.sale(household, phase, place)
    new = world.drafter.draft(world.pick(family), sale, cli=old.cli)
    old_started = min(old.day_offset, new.day_offset - 60)
    old.owned.connection_on = old.line.connected_on = world.calendar.day(old_started)
    new.owned.connection_on = new.line.connected_on = world.calendar.day(new.day_offset)
    old.owned.is_live = "false"
    old.owned.cease_on = world.calendar.day(new.day_offset - 1)
    old.owned.cease_reason = "Upgrade"
    old.cease_told = phase is Phase.BILLED
    new.line.action = "New & Cease"
    new.line.target_asset_id = old.owned.asset_id
    world.add(old, household)
    world.feeds["orders"].add(sale.order)
    world.add(new, household)


def _amendment(world: World, household: Household) -> None:
    """An in-life change of a service that Affinity bills already."""
    place = world.rng.choice(household.places)
    if not household.assets:
        _write_line(world, household, place, "sim", Phase.BILLED)
    if not household.assets:
        return  # the only line was drawn so that Affinity does not bill it
    item, asset = world.rng.choice(household.assets)
    sale = world.sale(household, Phase.OPEN, place)
    draft = world.drafter.draft(item, sale, cli=asset.cli)
    draft.line.action = "Update"
    draft.line.target_asset_id = asset.asset_id
    draft.line.site_id = asset.site_id
    world.feeds["orders"].add(sale.order)
    world.add(draft, household)


def _same_cli_twice(world: World, household: Household) -> None:
    """A number keyed for a second, unrelated SIM while the first is live and billed."""
    place = world.rng.choice(household.places)
    sale = world.sale(household, Phase.BILLED, place)
    first = one(world, sale, "sim")
    world.feeds["orders"].add(sale.order)
    world.add(first, household)

    sale = world.sale(household, Phase.FRESH, place)
    second = world.drafter.draft(world.pick("sim"), sale, cli=first.cli)
    world.feeds["orders"].add(sale.order)
    world.add(second, household)


def _same_bolt_on_twice(world: World, household: Household) -> None:
    """Two lines for one and the same bolt-on of a SIM, from the same day."""
    place = world.rng.choice(household.places)
    sale = world.sale(household, Phase.FRESH, place)
    sim = one(world, sale, "sim")
    item = world.catalogue.by_family["sim_bolt_on"][0]
    twins = [world.drafter.draft(item, sale, parent=sim) for _ in range(2)]
    world.feeds["orders"].add(sale.order)
    world.add(sim, household)
    for twin in twins:
        twin.owned.connection_on = twin.line.connected_on
        world.add(twin, household)


def _custom_product(name: str, sku: str) -> Tell:
    def tell(world: World, household: Household) -> None:
        item = world.catalogue.custom(name, recurring=17 * POUND, sku=sku)
        world.feeds["products"].add(item.product)
        place = world.rng.choice(household.places)
        sale = world.sale(household, Phase.FRESH, place)
        world.feeds["orders"].add(sale.order)
        world.add(world.drafter.draft(item, sale), household)

    return tell


def _site_unlinked(world: World, household: Household) -> None:
    """A new site that nobody has linked to Affinity yet."""
    site = world.site(household)
    site.integration_id = ""
    place = world.add_site(site, has_link=False)
    _write_line(world, household, place, "broadband", Phase.FRESH)


def _site_link_conflict(world: World, household: Household) -> None:
    """A site whose own ref and whose link name two different sites of Affinity."""
    site = world.site(household)
    site.integration_id += "-A"
    place = world.add_site(site, has_link=False)
    world.feeds["application_links"].add(
        ApplicationLink("Aurora Affinity", "19", site.site_id, f"{place.ref[:-2]}-B")
    )
    _write_line(world, household, place, "seat", Phase.FRESH)


def _site_odd(column: str, value: str) -> Tell:
    """A site that does not fit, or only just, and one line at it."""

    def tell(world: World, household: Household) -> None:
        site = world.site(household)
        setattr(site, column, value)
        place = world.add_site(site, has_link=False)
        _write_line(world, household, place, "licence", Phase.FRESH)

    return tell


def _range_odd(*, size: int, kind: str) -> Tell:
    """A hosted voice service whose additional numbers cannot be."""

    def tell(world: World, household: Household) -> None:
        place = world.rng.choice(household.places)
        sale = world.sale(household, Phase.FRESH, place)
        draft = number_range(world, sale)
        first, last = world.book.block(size)
        match kind:
            case "backwards":
                first, last = last, first
            case "shortened":
                last = last[-3:]
            case "letters":
                first = f"{first[:-1]}X"
        asset_id = draft.owned.asset_id
        draft.numbers = [] if kind == "too many" else draft.numbers
        draft.numbers.append(AssetNumber(asset_id, first, last))
        world.feeds["orders"].add(sale.order)
        world.add(draft, household)

    return tell


def _contact_odd(column: str, value: str) -> Tell:
    def tell(world: World, household: Household) -> None:
        contact = world.contact(household)
        setattr(contact, column, value)
        world.feeds["contacts"].add(contact)

    return tell


def _contact_twice(world: World, household: Household) -> None:
    contact = world.contact(household)
    world.feeds["contacts"].add(contact)
    world.feeds["contacts"].add(contact)


def _address_odd(column: str, value: str) -> Tell:
    def tell(world: World, household: Household) -> None:
        site = world.site(household)
        place = world.add_site(site, has_link=True)
        household.places.append(place)
        address = world.address(site)
        address.address_id += "-2"
        setattr(address, column, value)
        world.feeds["addresses"].add(address)

    return tell


def _links_odd(world: World, household: Household) -> None:
    site_id = household.places[0].site_id
    links = world.feeds["application_links"]
    links.add(ApplicationLink("Aurora Affinity", "site", site_id, "AF-1"))
    links.add(ApplicationLink("Aurora Affinity", "4", household.customer.customer_id, "CRM-1"))


def _affinity_clis_odd(world: World, household: Household) -> None:
    clis = world.feeds["affinity_clis"]
    clis.add(AffinityCli(household.places[0].ref, world.book.landline(), "soon", "31/12/2031"))


def _unlinked_customer(world: World, _household: Household) -> None:
    """A customer so new that Affinity does not know it, with services up and running."""
    customer = world.customer(linked=False)
    world.feeds["customers"].add(customer)
    new = world.household(customer, world.rng.randint(1, 2))
    for _ in range(world.rng.randint(1, 3)):
        sale = world.sale(new, Phase.FRESH, world.rng.choice(new.places))
        world.feeds["orders"].add(sale.order)
        for draft in sell(world, sale):
            world.add(draft, new)


def _pending_customer(world: World, _household: Household) -> None:
    """A quotation has just been won; nothing is converted."""
    customer = world.customer(linked=world.rng.random() < 0.5, status="Pending")
    world.feeds["customers"].add(customer)
    new = world.household(customer)
    sale = world.sale(new, Phase.OPEN, new.places[0])
    world.feeds["orders"].add(sale.order)
    for draft in sell(world, sale):
        world.add(draft, new)


def _cancelled_customer(world: World, _household: Household) -> None:
    """A customer that left: one service still runs unbilled, another was never converted."""
    customer = world.customer(status="Cancelled")
    world.feeds["customers"].add(customer)
    gone = world.household(customer)
    _write_line(world, gone, gone.places[0], "broadband", Phase.FRESH)
    _write_line(world, gone, gone.places[0], "sim", Phase.OPEN)


def _customer_odd(column: str, value: str, *, twice: bool = False) -> Tell:
    """A customer record that does not fit; its site and line fall with it."""

    def tell(world: World, _household: Household) -> None:
        customer = world.customer()
        setattr(customer, column, value)
        for _ in range(2 if twice else 1):
            world.feeds["customers"].add(customer)
        odd = world.household(customer)
        _write_line(world, odd, odd.places[0], "licence", Phase.FRESH)

    return tell


_FRESH, _OPEN = Phase.FRESH, Phase.OPEN
_LONG_NAME: Final = "Managed service, described at length: " + "monitoring, patching, reports; " * 9

STORIES: Final = (
    # What a good day also brings
    Story("new_and_cease", 6, _new_and_cease),
    Story("amendment", 14, _amendment),
    Story("pending_customer", 1, _pending_customer),
    _tweak("cancelled_order", 4, "sim", _OPEN, _order("status", *CANCELLED_SPELLINGS)),
    _tweak("cancelled_after_connection", 1, "seat", _FRESH, _order("status", "Cancelled")),
    _tweak("price_zero", 1, "sim", _FRESH, _line("recurring_price", "0.00", "0")),
    _tweak("cli_already_there", 1.5, "sim", _FRESH, _cli_already_there),
    _tweak("cli_was_there", 1, "seat", _FRESH, _cli_was_there),
    _tweak("cli_at_another_site", 1, "seat", _FRESH, _cli_at_another_site),
    _tweak("route_set_on_asset", 2, "sim", _FRESH, _asset("recurring_billing_route", "AFFINITY")),
    _tweak("moved_to_layer", 2, "seat", _FRESH, _line("recurring_billing_route", "The Layer")),
    # Do not bill
    _tweak(
        "do_not_bill_recurring",
        5,
        "licence",
        _FRESH,
        _line("recurring_do_not_bill", "yes", "Y", "TRUE"),
        _line("do_not_bill_reason", "Free pilot", "Staff account, agreed", "Goodwill £1,000"),
    ),
    _tweak(
        "do_not_bill_upfront",
        2,
        "handset",
        _FRESH,
        _line("upfront_do_not_bill", "1"),
        _line("do_not_bill_reason", "Swap under warranty"),
    ),
    _tweak("do_not_bill_asset", 3, "sim", _FRESH, _asset("do_not_bill", "true")),
    # Waiting
    _tweak("asset_missing", 2, "sim", _FRESH, _asset_deleted),
    _tweak("asset_ambiguous", 2, "sim", _FRESH, _converted_twice),
    _tweak("not_converted", 2, "broadband", _FRESH, _not_converted_but_connected),
    _tweak("no_connected_date", 2, "broadband", Phase.UNCONNECTED),
    _tweak("no_issue_date", 3, "handset", Phase.UNCONNECTED),
    _tweak("date_not_reached", 3, "sim", Phase.AHEAD),
    _tweak("issue_date_not_reached", 1, "handset", Phase.AHEAD),
    # Other platforms and routes
    _tweak("other_platform", 1, "elsewhere", _FRESH),
    _tweak(
        "other_platform_on_line", 2, "sim", _FRESH, _line("recurring_billing_route", "legacy rater")
    ),
    _tweak("unknown_route", 1.5, "bad_route", _FRESH),
    _tweak(
        "unknown_route_on_line", 1, "sim", _FRESH, _line("recurring_billing_route", "Old Biller")
    ),
    _tweak("unknown_route_untriggered", 1, "bad_route", _OPEN),
    # Holds
    _tweak("recurring_on_product", 1.5, "handset", _FRESH, _sold_monthly),
    _tweak("sku_missing", 2, "no_sku", _FRESH),
    _tweak("sku_unknown", 2, "sku_not_in_affinity", _FRESH),
    _tweak("sku_wrong_case", 1, "sku_wrong_case", _FRESH),
    _tweak("sku_inactive", 2, "sku_inactive", _FRESH),
    Story("sku_pending", 2, _custom_product("Bespoke integration", "")),
    Story("custom_with_sku", 1, _custom_product("Bespoke reporting", CUSTOM_CODE)),
    Story("description_too_long", 0.5, _custom_product(_LONG_NAME, CUSTOM_CODE)),
    Story("description_beyond_ascii", 0.5, _custom_product("Łącze zapasowe – 光", CUSTOM_CODE)),  # noqa: RUF001
    Story("customer_unlinked", 1.5, _unlinked_customer),
    Story("customer_not_live", 0.7, _cancelled_customer),
    _tweak("site_missing", 1.5, "licence", _FRESH, _no_site),
    Story("site_unlinked", 3, _site_unlinked),
    Story("site_link_conflict", 1, _site_link_conflict),
    _tweak("site_mismatch", 1.2, "licence", _FRESH, _somebody_elses_site),
    _tweak("asset_mismatch", 1.5, "sim", _FRESH, _another_product),
    _tweak("asset_not_live", 2, "seat", _FRESH, _asset("is_live", "false")),
    _tweak(
        "target_asset_missing",
        1.5,
        "seat",
        _FRESH,
        _line("action", "New & Cease", "new & cease"),
        _line("target_asset_id", "", "A-GONE"),
    ),
    _tweak("cli_missing", 3, "seat", _FRESH, _cli("")),
    _tweak("cli_malformed", 3, "sim", _FRESH, _cli("ext 204", "O7700900123", "016149601", "TBC")),
    _tweak(
        "cli_damaged",
        3,
        "seat",
        _FRESH,
        _cli("4.42079E+11", "1214960123", "1.61E+09", "2079460123"),
    ),
    Story("cli_conflict", 1.2, _same_cli_twice),
    Story("suspected_duplicate", 1, _same_bolt_on_twice),
    _tweak("bill_start_after_cease", 1.5, "sim", _FRESH, _ceased_before_start),
    _tweak("bill_start_implausible", 1.5, "broadband", _FRESH, _never_billed_for_years),
    _tweak("bill_start_far_ahead", 0.7, "sim", _FRESH, _bill_start_in_two_years),
    _tweak("frequency_missing", 1.5, "no_frequency", _FRESH),
    # Rejected order lines
    _tweak("line_without_product", 0.3, "sim", _FRESH, _line("product_id", ""), at_least=2),
    _tweak("line_bad_date", 0.5, "sim", _FRESH, _line("connected_on", "14/05/2026", "2026-02-30")),
    _tweak(
        "line_bad_price", 0.4, "sim", _FRESH, _line("recurring_price", "12.34567", "(5.00)", "1e3")
    ),
    _tweak("line_bad_flag", 0.3, "sim", _FRESH, _line("recurring_do_not_bill", "perhaps", "tbc")),
    _tweak("line_unknown_action", 0.2, "sim", _FRESH, _line("action", "Swap"), at_least=1),
    _tweak("line_unknown_status", 0.2, "sim", _FRESH, _line("recurring_bill_status", "Billed")),
    _tweak("line_unknown_product", 0.2, "sim", _FRESH, _line("product_id", "P-GONE")),
    _tweak("line_unknown_order", 0.2, "sim", _FRESH, _line("order_id", "O-GONE"), at_least=1),
    _tweak("line_negative_price", 0.3, "sim", _FRESH, _line("recurring_price", "-5.00", "-£2.50")),
    _tweak("line_bad_quantity", 0.4, "licence", _FRESH, _line("quantity", "0", "1.5", "-2", "two")),
    _tweak("line_ragged", 0.3, "sim", _FRESH, _line_ragged, at_least=2),
    _tweak("line_repeated", 0.2, "sim", _FRESH, _line_repeated, at_least=1),
    _tweak(
        "line_wrong_byte", 0.3, "licence", _FRESH, _line("do_not_bill_reason", f"Caf{WRONG_BYTE}")
    ),
    _tweak(
        "line_control", 0.3, "licence", _FRESH, _line("do_not_bill_reason", "see\x07note", "a\x00b")
    ),
    _tweak("line_of_bad_price", 0.1, "bad_price", _FRESH, at_least=1),
    _tweak("line_of_bad_item_type", 0.1, "bad_item_type", _FRESH, at_least=1),
    _tweak(
        "line_two_faults", 0.1, "sim", _FRESH, _line("quantity", "0"), _line("connected_on", "?")
    ),
    # Rejected assets
    _tweak("asset_without_live", 0.2, "sim", _FRESH, _asset("is_live", ""), at_least=1),
    _tweak("asset_bad_date", 0.2, "sim", _FRESH, _asset("connection_on", "03/04/2026"), at_least=1),
    _tweak("asset_bad_flag", 0.2, "sim", _FRESH, _asset("is_live", "ceased"), at_least=1),
    _tweak(
        "asset_unknown_customer", 0.2, "sim", _FRESH, _asset("customer_id", "C-GONE"), at_least=1
    ),
    _tweak("asset_ragged", 0.2, "sim", _FRESH, _asset_ragged, at_least=1),
    _tweak("asset_repeated", 0.2, "sim", _FRESH, _asset_repeated, at_least=1),
    # Rejected records of other feeds
    _tweak("order_bad_date", 0.15, "sim", _FRESH, _order("created_on", "13 May 2026"), at_least=1),
    _tweak(
        "order_wrong_byte", 0.1, "sim", _FRESH, _order("po_ref", f"N{WRONG_BYTE}o 7"), at_least=1
    ),
    Story("customer_unnamed", 0.1, _customer_odd("name", ""), at_least=1),
    Story("customer_unknown_status", 0.1, _customer_odd("status", "Dormant"), at_least=1),
    Story("customer_control", 0.05, _customer_odd("name", "Bell\x07 Foundry"), at_least=0),
    Story("customer_twice", 0.05, _customer_odd("bill_run", "Weekly", twice=True), at_least=0),
    Story("site_unnamed", 0.1, _site_odd("name", ""), at_least=1),
    Story("site_of_nobody", 0.1, _site_odd("customer_id", "C-GONE"), at_least=1),
    Story("site_wrong_byte", 0.05, _site_odd("name", f"D{WRONG_BYTE}pot"), at_least=0),
    Story("site_lost_parent", 0.1, _site_odd("parent_site_id", "S-LOST")),
    Story("range_backwards", 0.06, _range_odd(size=20, kind="backwards"), at_least=1),
    Story("range_shortened", 0.05, _range_odd(size=20, kind="shortened"), at_least=1),
    Story("range_too_long", 0.03, _range_odd(size=600, kind="too many"), at_least=1),
    Story("range_letters", 0.03, _range_odd(size=2, kind="letters"), at_least=0),
    Story("contact_unnamed", 0.1, _contact_odd("last_name", ""), at_least=1),
    Story("contact_of_nobody", 0.05, _contact_odd("customer_id", "C-GONE"), at_least=0),
    Story("contact_twice", 0.05, _contact_twice, at_least=1),
    Story("address_no_postcode", 0.1, _address_odd("postcode", ""), at_least=1),
    Story("address_control", 0.05, _address_odd("line2", "Flat\x0b3"), at_least=0),
    Story("links_odd", 0.1, _links_odd, at_least=1),
    Story("affinity_clis_odd", 0.05, _affinity_clis_odd, at_least=1),
)


def plan(rng: Random, lines: int) -> list[Story]:
    """The stories of a world of `lines` lines, one entry per telling, in a shuffled order.

    Below two thousand lines there is not room for all; what fits is a mixture of them.
    """
    tellings = [
        story
        for story in STORIES
        for _ in range(max(story.at_least, round(story.per_thousand * lines / 1000)))
    ]
    rng.shuffle(tellings)
    return tellings if lines >= _SMALL_WORLD else tellings[: lines // _FEWEST_ORDINARY_LINES]
