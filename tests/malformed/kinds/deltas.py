"""The delta mode: which of the rules above still hold when a feed is only a part."""

from tests.malformed.expectation import Case, accepted, rejects, stops
from tests.malformed.world import REQUIRED_FEEDS, World


def _delta(world: World) -> None:
    world.feed_settings["mode"] = '"delta"'


def no_feed_at_all(world: World) -> None:
    _delta(world)
    for feed in (*REQUIRED_FEEDS, "affinity_products"):
        world.without(feed)


def customers_only(world: World) -> None:
    no_feed_at_all(world)
    world.add("customers", customer_id="C1")


def a_first_delta_that_is_whole(world: World) -> None:
    _delta(world)


def a_child_whose_parent_is_nowhere(world: World) -> None:
    no_feed_at_all(world)
    world.add("sites")


def a_column_missing(world: World) -> None:
    _delta(world)
    world.drop_column("customers", "status")


def a_file_without_a_header(world: World) -> None:
    _delta(world)
    world.replace("customers", b"")


def a_manifest_over_an_absent_feed(world: World) -> None:
    _delta(world)
    world.vouch("orders")
    world.without("orders")


CASES = [
    Case("a delta may be without any feed", no_feed_at_all, accepted(customers=(0, 0, 0))),
    Case("a delta may hold one feed", customers_only, accepted(customers=(1, 1, 0))),
    Case(
        "a first delta may be whole",
        a_first_delta_that_is_whole,
        accepted(customers=(2, 2, 0), order_lines=(1, 1, 0)),
    ),
    Case(
        "a reference to what no delta ever brought is unknown",
        a_child_whose_parent_is_nowhere,
        rejects(("sites", 1, "S1", "customer_id", "unknown_reference", "C1")),
    ),
    Case(
        "a delta without a required column stops the run",
        a_column_missing,
        stops(22, "customers", "status"),
    ),
    Case("a delta without a header stops the run", a_file_without_a_header, stops(22, "customers")),
    Case(
        "a delta's manifest that names an absent feed stops the run",
        a_manifest_over_an_absent_feed,
        stops(22, "orders"),
    ),
]
