"""Order lines in the making: a line, the asset it became, and what Affinity bills for it.

A draft starts as a valid line of some phase of its life; stories then change what they are about.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum, auto
from random import Random
from typing import Final

from sandbox.reseller.catalogue import AFFINITY_NAMES, PENNY, Item, pounds, pounds_as_exported
from sandbox.reseller.records import Asset, AssetNumber, Customer, Order, OrderLine
from sandbox.reseller.telephone_numbers import as_typed

_PAST_DAYS: Final = 2400
_FUTURE_DAYS: Final = 2400


class Phase(Enum):
    """Where a line stands on its way from signature to bill."""

    BILLED = auto()  # every charge for Affinity is In Billing
    HALF_BILLED = auto()  # connected of late; only the up-front charge is In Billing
    FRESH = auto()  # connected or issued of late, nothing billed yet
    AHEAD = auto()  # the trigger's date is still to come
    UNCONNECTED = auto()  # an asset, but neither connected nor issued
    OPEN = auto()  # not converted to an asset


CONVERTED: Final = frozenset(Phase) - {Phase.OPEN}


class Calendar:
    """Days near the as-of day, as ISO text, by distance in days."""

    def __init__(self, as_of: date) -> None:
        """Write out every day the world can speak of, once."""
        self._days = [
            (as_of + timedelta(days=offset)).isoformat()
            for offset in range(-_PAST_DAYS, _FUTURE_DAYS)
        ]

    def day(self, offset: int) -> str:
        """The day `offset` days after the as-of day (before it, if negative), ISO."""
        return self._days[offset + _PAST_DAYS]


@dataclass(slots=True)
class Place:
    """A site as lines need it; `ref` is what Affinity calls it, empty when it does not know it."""

    site_id: str
    ref: str


@dataclass(slots=True)
class Household:
    """A customer with the sites that were written for it."""

    customer: Customer
    places: list[Place]
    mix: tuple[tuple[str, ...], tuple[int, ...]]  # bundles it buys, and their weights
    sites_made: int = 0
    assets: list[tuple[Item, Asset]] = field(default_factory=list)  # live, billed services


@dataclass(slots=True)
class Sale:
    """An order in the making: whose, for which site, how far along, and since when."""

    household: Household
    order: Order
    phase: Phase
    place: Place
    due: int  # when its lines are connected or issued, in days from the as-of day


@dataclass(slots=True)
class Draft:
    """One order line and all that hangs on it, still open to change."""

    item: Item
    phase: Phase
    place: Place
    line: OrderLine
    asset: Asset | None
    cli: str  # cleaned form, empty for none
    upfront: int  # unit prices in ten-thousandths of a pound
    recurring: int
    quantity: int
    day_offset: int  # of the trigger date, from the as-of day
    upfront_billed: bool = False
    recurring_billed: bool = False
    has_own_cli: bool = False  # the CLI is this asset's, not its parent's
    cease_told: bool = True  # Affinity has heard of the asset's cease
    numbers: list[AssetNumber] = field(default_factory=list)
    more_assets: list[Asset] = field(default_factory=list)
    cells_off: int = 0  # of the line: ragged when not 0
    asset_cells_off: int = 0
    repeated: bool = False

    @property
    def owned(self) -> Asset:
        """The asset, for drafts that are known to have one.

        Raises:
            ValueError: the line was never converted.
        """
        if self.asset is None:
            raise ValueError(f"line {self.line.line_id} has no asset")
        return self.asset


def _is_affinity(route: str) -> bool:
    return route.strip().lower() in AFFINITY_NAMES


class Drafter:
    """Makes drafts with running numbers; the same calls in the same order make the same drafts."""

    def __init__(self, rng: Random, calendar: Calendar) -> None:
        """Share the world's random source and calendar."""
        self._rng = rng
        self._chance = rng.random
        self._day = calendar.day
        self._lines = 0
        self._assets = 0

    def draft(
        self,
        item: Item,
        sale: Sale,
        *,
        cli: str = "",
        quantity: int = 1,
        parent: Draft | None = None,
    ) -> Draft:
        """A valid line for `item` in a sale.

        With a `parent`, the line is its child: it shares the parent's CLI and days.
        """
        chance = self._chance
        order, phase, place = sale.order, sale.phase, sale.place
        self._lines += 1
        line = OrderLine(f"L{self._lines:08d}", order.order_id, item.product.product_id)
        if place.site_id != order.site_id or chance() < 0.2:
            line.site_id = place.site_id
        line.quantity = str(quantity)
        if parent is not None:
            cli = parent.cli
            line.parent_line_id = parent.line.line_id
        draft = Draft(
            item,
            phase,
            place,
            line,
            None,
            cli,
            item.upfront,
            item.recurring,
            quantity,
            parent.day_offset if parent is not None else self._trigger_day(sale),
            has_own_cli=bool(cli) and parent is None,
        )
        self._agree_terms(draft)
        line.modified_at = self._day(min(draft.day_offset, 0)) + "T09:30:00Z"
        if phase in CONVERTED:
            self._convert(draft, sale.household, parent)
        else:
            line.cli = self.typed(cli) if chance() < 0.6 else ""
        if phase is Phase.BILLED or phase is Phase.HALF_BILLED:
            self._bill(draft)
        elif phase is Phase.FRESH and chance() < 0.5:
            status = "Ready to Bill" if chance() < 0.6 else "Not Billed"
            line.upfront_bill_status = line.recurring_bill_status = status
        return draft

    def second_asset(self, draft: Draft) -> Asset:
        """Another asset that names the draft's line, as a double conversion leaves behind."""
        first = draft.owned
        self._assets += 1
        return Asset(
            f"A{self._assets:08d}",
            first.line_id,
            first.customer_id,
            first.site_id,
            first.product_id,
            connection_on=first.connection_on,
            modified_at=first.modified_at,
        )

    def typed(self, cli: str) -> str:
        """A CLI as somebody keyed it: usually plain, now and then spaced or with +44."""
        return as_typed(cli, self._chance()) if cli[:1] == "0" else cli

    def _trigger_day(self, sale: Sale) -> int:
        """A few days into the sale, but never past the as-of day unless the sale is."""
        day = sale.due + int(5 * self._chance())
        return day if sale.phase is Phase.AHEAD else min(day, 0)

    def _agree_terms(self, draft: Draft) -> None:
        """Prices, routes, frequency and term as negotiated; most are left to the product."""
        chance, line, product = self._chance, draft.line, draft.item.product
        if chance() < 0.3:
            share = 80 + int(21 * chance())
            write: Callable[[int], str] = pounds_as_exported if chance() < 0.2 else pounds
            if draft.recurring:
                to_the_penny = chance() < 0.8
                agreed = draft.recurring * share // 100
                draft.recurring = agreed - agreed % PENNY if to_the_penny else agreed
                line.recurring_price = write(draft.recurring)
            if draft.upfront:
                waived = chance() < 0.3
                draft.upfront = 0 if waived else draft.upfront * share // 100 // PENNY * PENNY
                line.upfront_price = write(draft.upfront)
        if draft.recurring:
            if chance() < 0.05:
                line.billing_frequency = product.billing_frequency
            if product.recurring_billing_route == "Affinity" and chance() < 0.05:
                line.recurring_billing_route = ("Aurora Affinity", "aurora affinity", "AFFINITY ")[
                    int(3 * chance())
                ]
            line.term_months = ("12", "24", "36", "36", "60", "1")[int(6 * chance())]

    def _convert(self, draft: Draft, household: Household, parent: Draft | None) -> None:
        chance, line, day = self._chance, draft.line, self._day
        offset, phase = draft.day_offset, draft.phase
        self._assets += 1
        asset_id = f"A{self._assets:08d}"
        if chance() < 0.92:
            line.asset_id = asset_id  # the rest are found by the line that the asset names
        line.converted_on = day(min(offset, 0) - int(9 * chance()))
        asset = draft.asset = Asset(
            asset_id,
            line.line_id,
            household.customer.customer_id,
            draft.place.site_id,
            line.product_id,
            quantity=line.quantity,
            modified_at=line.modified_at,
        )
        if draft.cli:
            asset.cli = self.typed(draft.cli)
            line.cli = asset.cli if chance() < 0.8 else draft.cli
        if parent is not None:
            asset.parent_asset_id = parent.owned.asset_id
        if phase is Phase.UNCONNECTED:
            return
        if not draft.item.is_service:
            line.issued_on = day(offset)
            return
        line.connected_on = day(offset)
        connected = offset + (1 + int(3 * chance()) if chance() < 0.12 else 0)
        if phase is not Phase.FRESH or chance() < 0.93:
            asset.connection_on = day(connected)
        if line.term_months:
            asset.expiry_on = day(min(connected + int(line.term_months) * 30, _FUTURE_DAYS - 1))
        asset.is_auto_renew = "true" if chance() < 0.3 else "false"
        if draft.recurring and chance() < 0.4:
            asset.recurring_price = pounds(draft.recurring)

    def _bill(self, draft: Draft) -> None:
        """Mark the charges that Affinity bills; the others stay as a person left them."""
        line, product, asset = draft.line, draft.item.product, draft.owned
        upfront_route = line.upfront_billing_route or product.upfront_billing_route
        recurring_route = line.recurring_billing_route or product.recurring_billing_route
        if draft.upfront and _is_affinity(upfront_route):
            draft.upfront_billed = True
            line.upfront_bill_status = "In Billing"
        if draft.phase is Phase.HALF_BILLED:
            line.recurring_bill_status = "Not Billed"
        elif draft.item.is_service and draft.recurring and _is_affinity(recurring_route):
            draft.recurring_billed = True
            line.recurring_bill_status = "In Billing" if self._chance() < 0.97 else "in billing"
            asset.object_uid = f"SP{asset.asset_id[1:]}"
