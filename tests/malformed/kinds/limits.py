"""`max_reject_rate`: strictly above stops, exactly at goes through."""

from tests.malformed.expectation import Case, Make, accepted, rejects, stops
from tests.malformed.world import World


def _limit(world: World, limit: str | None) -> None:
    if limit is None:
        del world.feed_settings["max_reject_rate"]
    else:
        world.feed_settings["max_reject_rate"] = limit


def _customers(records: int, spoilt: int, limit: str | None) -> Make:
    """That many customers, the last ones without a name."""

    def make(world: World) -> None:
        _limit(world, limit)
        for number in range(3, records + 1):
            world.add("customers", **({"name": ""} if number > records - spoilt else {}))

    return make


def _nameless(records: int, spoilt: int) -> list[tuple[object, ...]]:
    rows = range(records - spoilt + 1, records + 1)
    return [("customers", row, f"C{row}", "name", "missing_value", "") for row in rows]


AT_THE_LIMIT = ((5, 1, None), (5, 1, "0.20"), (10, 3, "0.3"), (10, 7, "0.7"), (100, 29, "0.29"))
ABOVE_THE_LIMIT = (
    *((4, 1, None), (9, 2, "0.20"), (10, 4, "0.3"), (100, 30, "0.29"), (50, 1, "0.0199")),
    (3, 1, "0"),
)


def three_reasons_in_one_record(world: World) -> None:
    _limit(world, "0.2")
    for _ in range(3):
        world.add("order_lines")
    world.add("order_lines", quantity="0", connected_on="soon", recurring_price="1e3")


def orphans_above_the_limit(world: World) -> None:
    _limit(world, "0.4")
    world.add("customers", name="")
    world.add("sites", customer_id="C3")


def orphans_at_the_limit(world: World) -> None:
    _limit(world, "0.5")
    world.add("customers", name="")
    world.add("sites", customer_id="C3")


def duplicates_above_the_limit(world: World) -> None:
    _limit(world, "0.4")
    world.add("sites", site_id="S9")
    world.add("sites", site_id="S9")


def ragged_rows_above_the_limit(world: World) -> None:
    _limit(world, "0.4")
    world.add_line("products", "P2")


def an_optional_feed_all_rejected(world: World) -> None:
    _limit(world, "0")
    world.add("contacts", last_name="")
    world.add("affinity_clis", cli="")


def everything_rejected(world: World) -> None:
    world.change("order_lines", 1, quantity="0")


def a_broken_feed_beside_too_many_rejects(world: World) -> None:
    _limit(world, "0.2")
    world.change("customers", 1, name="")
    world.drop_column("assets", "is_live")


def a_rate_that_only_empty_lines_would_save(world: World) -> None:
    _limit(world, "0.2")
    world.add("customers")
    world.add("customers", name="")
    for _ in range(20):
        world.add_line("customers", "")


CASES = [
    *(
        Case(
            f"{spoilt} of {records} customers rejected at a limit of {limit or 'the default'}"
            " is exactly the limit and fine",
            _customers(records, spoilt, limit),
            rejects(
                *_nameless(records, spoilt),
                customers=(records, records - spoilt, spoilt),
            ),
        )
        for records, spoilt, limit in AT_THE_LIMIT
    ),
    *(
        Case(
            f"{spoilt} of {records} customers rejected at a limit of {limit or 'the default'}"
            " is too many",
            _customers(records, spoilt, limit),
            stops(30, "customers"),
        )
        for records, spoilt, limit in ABOVE_THE_LIMIT
    ),
    Case(
        "a limit of 0 lets a clean run through",
        lambda world: _limit(world, "0"),
        accepted(customers=(2, 2, 0)),
    ),
    Case(
        "a record with three reasons counts once",
        three_reasons_in_one_record,
        rejects(
            ("order_lines", 5, "L5", "quantity", "bad_quantity"),
            ("order_lines", 5, "L5", "connected_on", "bad_date"),
            ("order_lines", 5, "L5", "recurring_price", "bad_number"),
            order_lines=(5, 4, 1),
        ),
    ),
    Case(
        "orphans count towards their feed's limit",
        orphans_above_the_limit,
        stops(30, "sites"),
    ),
    Case(
        "orphans exactly at their feed's limit are fine",
        orphans_at_the_limit,
        rejects(
            ("customers", 3, "C3", "name", "missing_value"),
            ("sites", 2, "S2", "customer_id", "unknown_reference", "C3"),
            customers=(3, 2, 1),
            sites=(2, 1, 1),
        ),
    ),
    Case(
        "every record of a duplicate key counts towards the limit",
        duplicates_above_the_limit,
        stops(30, "sites"),
    ),
    Case(
        "ragged rows count towards the limit",
        ragged_rows_above_the_limit,
        stops(30, "products"),
    ),
    Case(
        "empty lines do not dilute the rate",
        a_rate_that_only_empty_lines_would_save,
        stops(30, "customers"),
    ),
    Case(
        "optional feeds have no limit",
        an_optional_feed_all_rejected,
        rejects(
            ("contacts", 1, "K1", "last_name", "missing_value"),
            ("affinity_clis", 1, "", "cli", "missing_value"),
            contacts=(1, 0, 1),
            affinity_clis=(1, 0, 1),
        ),
    ),
    Case(
        "a limit of 1 lets a wholly rejected feed through",
        everything_rejected,
        rejects(
            ("order_lines", 1, "L1", "quantity", "bad_quantity", "0"),
            order_lines=(1, 0, 1),
        ),
    ),
    Case(
        "a broken feed goes before too many rejects",
        a_broken_feed_beside_too_many_rejects,
        stops(22, "assets", "is_live"),
        assumes="the limit is judged when all feeds are read, so a feed that breaks comes first",
    ),
]
