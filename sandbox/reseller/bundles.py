"""What customers order together: the lines of one sale, parents before their children."""

from collections.abc import Callable
from typing import Final, TypeAlias

from sandbox.reseller.drafts import Draft, Phase, Sale
from sandbox.reseller.records import AssetNumber
from sandbox.reseller.world import World

Bundle: TypeAlias = Callable[[World, Sale], list[Draft]]

_LICENCE_COUNTS: Final = (1, 2, 3, 5, 5, 10, 12, 25, 60, 250)
_RANGE_SIZES: Final = (10, 10, 20, 30, 50, 100)
_CEASE_REASONS: Final = ("Moved premises", "Switched supplier", "No longer needed", "")


def one(
    world: World,
    sale: Sale,
    family: str,
    *,
    quantity: int = 1,
) -> Draft:
    """A line of a product family, with a CLI of its own where the family has them."""
    item = world.pick(family)
    cli = world.cli_for(item)
    return world.drafter.draft(item, sale, cli=cli, quantity=quantity)


def _children(world: World, sale: Sale, parent: Draft, family: str, count: int) -> list[Draft]:
    """Different bolt-ons of one family under `parent`."""
    chosen = world.rng.sample(world.catalogue.by_family[family], count)
    return [world.drafter.draft(item, sale, parent=parent) for item in chosen]


def _mobiles(world: World, sale: Sale) -> list[Draft]:
    draw = world.rng.random()
    sim = one(world, sale, "sim")
    bolt_ons = 2 if draw < 0.12 else 1 if draw < 0.55 else 0
    drafts = [sim, *_children(world, sale, sim, "sim_bolt_on", bolt_ons)]
    if world.rng.random() < 0.26:
        family = "handset" if world.rng.random() < 0.6 else "handset_in_layer"
        drafts.append(one(world, sale, family))
    return drafts


def _connectivity(world: World, sale: Sale) -> list[Draft]:
    chance = world.rng.random
    drafts = []
    if chance() < 0.45:
        drafts.append(one(world, sale, "phone_line"))
    family = "mixed_routes" if chance() < 0.08 else "broadband"
    drafts.append(one(world, sale, family))
    if chance() < 0.4:
        family = "router" if chance() < 0.5 else "router_in_layer"
        drafts.append(one(world, sale, family))
    return drafts


def _voice(world: World, sale: Sale) -> list[Draft]:
    chance = world.rng.random
    seats = [one(world, sale, "seat") for _ in range(1 + int(3 * chance()))]
    drafts = list(seats)
    if chance() < 0.3:
        drafts += _children(world, sale, seats[0], "seat_bolt_on", 1)
    if chance() < 0.35:
        phones = one(world, sale, "desk_phone", quantity=len(seats))
        drafts.append(phones)
    if chance() < 0.14:
        drafts.append(number_range(world, sale))
    return drafts


def number_range(world: World, sale: Sale) -> Draft:
    """A service with additional numbers: a range, and now and then one number by itself."""
    draft = one(world, sale, "number_range")
    if draft.asset is not None:
        first, last = world.book.block(world.rng.choice(_RANGE_SIZES))
        own_start = draft.asset.connection_on if world.rng.random() < 0.6 else ""
        draft.numbers.append(AssetNumber(draft.asset.asset_id, first, last, own_start))
        for _ in range(int(9 * world.rng.random())):
            single, _ = world.book.block(1)
            draft.numbers.append(AssetNumber(draft.asset.asset_id, single))
    return draft


def _licences(world: World, sale: Sale) -> list[Draft]:
    rng = world.rng
    drafts = []
    family = "licence_annual" if rng.random() < 0.15 else "licence"
    items = world.catalogue.by_family[family]
    for item in rng.sample(items, min(len(items), 1 + int(2.5 * rng.random()))):
        # Some tenants relabel the CLI column and keep a seat reference there.
        labelled = sale.phase is Phase.FRESH and rng.random() < 0.02
        cli = world.book.circuit("SEAT") if labelled else ""
        drafts.append(
            world.drafter.draft(
                item,
                sale,
                cli=cli,
                quantity=rng.choice(_LICENCE_COUNTS),
            )
        )
    return drafts


def _single(*families: str) -> Bundle:
    def bundle(world: World, sale: Sale) -> list[Draft]:
        family = world.rng.choice(families)
        return [one(world, sale, family)]

    return bundle


BUNDLES: Final[dict[str, Bundle]] = {
    "mobiles": _mobiles,
    "connectivity": _connectivity,
    "voice": _voice,
    "licences": _licences,
    "ethernet": _single("ethernet", "ethernet", "ethernet_quarterly"),
    "inbound": _single("inbound"),
    "support": _single("support_in_layer", "support_in_layer", "installation_in_layer"),
    "elsewhere": _single("elsewhere"),
}


def sell(world: World, sale: Sale) -> list[Draft]:
    """The drafts of one sale, of the kind this customer buys; not yet written."""
    kinds, weights = sale.household.mix
    kind = world.rng.choices(kinds, weights)[0]
    drafts = BUNDLES[kind](world, sale)
    if sale.phase is Phase.BILLED and world.rng.random() < 0.06:
        cease(world, drafts)
    elif sale.phase is Phase.FRESH:
        for draft in drafts:
            _vary(world, draft)
    return drafts


def cease(world: World, drafts: list[Draft]) -> None:
    """End a whole sale some time between its start and the as-of day."""
    reason = world.rng.choice(_CEASE_REASONS)
    oldest = max(draft.day_offset for draft in drafts)
    last_day = world.calendar.day(int((oldest + 5) * world.rng.random()))
    for draft in drafts:
        if draft.asset is not None and draft.item.is_service:
            draft.asset.is_live = "false"
            draft.asset.cease_on = last_day
            draft.asset.cease_reason = reason


def _vary(world: World, draft: Draft) -> None:
    """What people do to lines that are about to be billed."""
    draw = world.rng.random()
    asset = draft.asset
    if draw < 0.05:
        shift = int(21 * world.rng.random()) - 10
        draft.line.bill_start_override = world.calendar.day(draft.day_offset + shift)
    elif draw < 0.07 and asset is not None and draft.item.is_service:
        asset.cease_on = world.calendar.day(20 + int(200 * world.rng.random()))
        asset.cease_reason = "Temporary site"
    elif draw < 0.09 and asset is not None and draft.recurring:
        route = draft.item.product.recurring_billing_route
        asset.recurring_billing_route = "Legacy Rater" if draw < 0.075 else route
