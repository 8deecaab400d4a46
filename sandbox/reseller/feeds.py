"""Makes the feeds of a sample reseller: ordinary days, and stories told among them."""

from collections import deque
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

from sandbox.reseller.bundles import cease, sell
from sandbox.reseller.drafts import Household, Phase
from sandbox.reseller.feed_files import open_feeds
from sandbox.reseller.stories import Story, plan
from sandbox.reseller.world import CANCELLED_SPELLINGS, World

_CANCELLED_CUSTOMERS: Final = 0.015
_CANCELLED_ORDERS: Final = 0.15  # of those with nothing converted
_AT_ANOTHER_SITE: Final = 0.15  # sales of an order that are not for its own site
_LAST_STORY: Final = 0.95  # of the lines, so that the last story is told whole


@dataclass(slots=True, frozen=True)
class MadeFeeds:
    """What was made: the folder, and records written by feed (the heading is no record)."""

    folder: Path
    rows: dict[str, int]


def make_feeds(folder: Path, *, lines: int, seed: int, as_of: date) -> MadeFeeds:
    """Write every feed and `manifest.json` into `folder`, replacing those that are there.

    The same `lines`, `seed` and `as_of` give the same bytes. `order_lines` has exactly `lines`
    records; from 2,000 lines up everything that can be wrong is wrong somewhere.

    Raises:
        ValueError: `lines` is below one.
        OSError: the folder cannot be written.
    """
    if lines < 1:
        raise ValueError(f"a world needs at least one line, not {lines}")
    rng = Random(seed)
    with open_feeds(folder) as feeds:
        world = World(feeds, lines=lines, rng=rng, as_of=as_of)
        world.open_books()
        _populate(world, deque(plan(rng, lines)))
    return MadeFeeds(folder, {name: feed.rows for name, feed in feeds.items()})


def _populate(world: World, stories: deque[Story]) -> None:
    """Bring in customers until all lines are written, telling stories at even distances."""
    distance = _LAST_STORY * world.all_lines / max(1, len(stories))
    told = 0
    while world.left > 0:
        lines, sites = world.size()
        leaving = world.rng.random() < _CANCELLED_CUSTOMERS and told > 0
        customer = world.customer(status="Cancelled" if leaving else "Live")
        world.feeds["customers"].add(customer)
        household = world.household(customer, 1 if leaving else sites)
        enough = max(0, world.left - lines)
        while world.left > enough:
            _order(world, household, leaving=leaving)
            while stories and not leaving and world.written >= told * distance:
                stories.popleft().tell(world, household)
                told += 1
        world.elsewhere = household.places[0]


def _order(world: World, household: Household, *, leaving: bool) -> None:
    """One ordinary order with a few sales; a customer that is leaving has all of it ceased."""
    rng = world.rng
    phase = Phase.BILLED if leaving else world.any_phase()
    home = rng.choice(household.places)
    sale = world.sale(household, phase, home)
    if phase is Phase.OPEN and rng.random() < _CANCELLED_ORDERS:
        sale.order.status = rng.choice(CANCELLED_SPELLINGS)
    world.feeds["orders"].add(sale.order)
    for _ in range(1 + int(3 * rng.random() ** 2)):
        sale.place = rng.choice(household.places) if rng.random() < _AT_ANOTHER_SITE else home
        drafts = sell(world, sale)
        if leaving:
            cease(world, drafts)
        for draft in drafts:
            world.add(draft, household)
