"""`is_deleted`: an optional column of every feed, and what is left of a deleted record."""

from tests.malformed.expectation import Case, accepted, rejects, stops
from tests.malformed.one_cell import fine, shown, spoilt
from tests.malformed.world import COLUMNS, World

COUNTED = "a deleted record is read, fits, and so counts as accepted"


def deletions_in_every_feed(world: World) -> None:
    for feed in COLUMNS:
        world.add(feed, is_deleted="yes")


def a_deleted_customer(world: World) -> None:
    world.add("customers", is_deleted="1")
    world.add("sites", customer_id="C3")


def a_customer_that_is_not_deleted(world: World) -> None:
    world.add("customers", is_deleted="N")
    world.add("customers", is_deleted=" ")
    world.add("sites", customer_id="C3")
    world.add("sites", customer_id="C4")


def a_deleted_record_full_of_faults(world: World) -> None:
    world.add(
        "order_lines",
        is_deleted="TRUE",
        order_id="O9",
        product_id="",
        quantity="none",
        recurring_price="1e3",
        connected_on="2026-02-30",
        recurring_do_not_bill="maybe",
        action="Explode",
        do_not_bill_reason="a\x00b",
        cli=b"\xff",
    )


def a_deleted_record_in_the_other_style(world: World) -> None:
    world.feed_settings["date_style"] = '{ order_lines = "uk" }'
    world.add("order_lines", is_deleted="true", connected_on="01/31/2026")


def a_deleted_record_without_a_key(world: World) -> None:
    world.add("contacts", contact_id=" ", is_deleted="true", last_name="")


def a_deleted_record_with_a_bad_key(world: World) -> None:
    world.add("contacts", contact_id="K\x001", is_deleted="true", customer_id="C9")


def a_deleted_record_with_a_bad_integer_key(world: World) -> None:
    world.add("application_links", entity_type="site", is_deleted="y", integration_id="")


def a_deleted_record_that_is_ragged(world: World) -> None:
    world.add("contacts", is_deleted="true")
    world.add_line("contacts", "K2,C1,true")


def an_unreadable_deletion(world: World) -> None:
    world.add("contacts", is_deleted="deleted", last_name="", customer_id="C9")


def a_deletion_with_a_nul(world: World) -> None:
    world.add("contacts", is_deleted="true\x00")


def a_deleted_and_a_living_record(world: World) -> None:
    world.add("contacts", contact_id="K7", is_deleted="true")
    world.add("contacts", contact_id="K7")


def a_deleted_number_beyond_the_range(world: World) -> None:
    world.add("asset_numbers", range_end="1", is_deleted="true")
    world.add("asset_numbers", cli="02079461000", range_end="02079461500")


def an_alias_of_the_deletion_column(world: World) -> None:
    world.add("customers", is_deleted="soon")
    world.rename("customers", "is_deleted", "Is Deleted")


def a_deleted_record_and_a_missing_column(world: World) -> None:
    world.add("contacts", is_deleted="true")
    world.drop_column("contacts", "last_name")


CASES = [
    Case(
        "every feed may say that a record is deleted",
        deletions_in_every_feed,
        accepted(**{feed: (World().add(feed), World().add(feed), 0) for feed in COLUMNS}),
        assumes=COUNTED,
    ),
    *(
        fine(f"is_deleted may be {shown(text)}", "contacts", "is_deleted", text)
        for text in ("", " ", "0", "false", "No", "n", "FALSE")
    ),
    *(
        spoilt(
            f"is_deleted must not be {shown(text)}",
            *("contacts", "is_deleted", text, "bad_boolean"),
        )
        for text in ("deleted", "2", "t", "2026-03-31", "on")
    ),
    Case(
        "what hangs on a deleted customer is orphaned",
        a_deleted_customer,
        rejects(
            ("sites", 2, "S2", "customer_id", "unknown_reference", "C3"),
            customers=(3, 3, 0),
            sites=(2, 1, 1),
        ),
        assumes=COUNTED,
    ),
    Case(
        "what hangs on a customer that is not deleted is not orphaned",
        a_customer_that_is_not_deleted,
        accepted(customers=(4, 4, 0), sites=(3, 3, 0)),
    ),
    Case(
        "a deleted record is judged by its key and is_deleted alone",
        a_deleted_record_full_of_faults,
        accepted(order_lines=(2, 2, 0)),
        assumes=COUNTED,
    ),
    Case(
        "a date in the other style does not stop the run in a deleted record",
        a_deleted_record_in_the_other_style,
        accepted(order_lines=(2, 2, 0)),
        assumes="cells of a deleted record that are not judged cannot break the feed either",
    ),
    Case(
        "a deleted record needs its key",
        a_deleted_record_without_a_key,
        rejects(("contacts", 1, "", "contact_id", "missing_value", " "), contacts=(1, 0, 1)),
    ),
    Case(
        "a deleted record's key must be readable",
        a_deleted_record_with_a_bad_key,
        rejects(("contacts", 1, None, "contact_id", "bad_text"), contacts=(1, 0, 1)),
    ),
    Case(
        "a deleted record's key must be of its type",
        a_deleted_record_with_a_bad_integer_key,
        rejects(
            ("application_links", 1, None, "entity_type", "bad_number", "site"),
            application_links=(1, 0, 1),
        ),
    ),
    Case(
        "a deleted record that is ragged is ragged",
        a_deleted_record_that_is_ragged,
        rejects(("contacts", 2, "", "", "ragged_row"), contacts=(2, 1, 1)),
        assumes=COUNTED,
    ),
    Case(
        "a record whose is_deleted cannot be read is judged whole",
        an_unreadable_deletion,
        rejects(
            ("contacts", 1, "K1", "is_deleted", "bad_boolean", "deleted"),
            ("contacts", 1, "K1", "last_name", "missing_value"),
            ("contacts", 1, "K1", "customer_id", "unknown_reference", "C9"),
            contacts=(1, 0, 1),
        ),
    ),
    Case(
        "is_deleted with a NUL is bad text",
        a_deletion_with_a_nul,
        rejects(("contacts", 1, "K1", "is_deleted", "bad_text")),
    ),
    Case(
        "a deleted and a living record of one key are duplicates",
        a_deleted_and_a_living_record,
        rejects(
            ("contacts", 1, "K7", "contact_id", "duplicate_key", "K7"),
            ("contacts", 2, "K7", "contact_id", "duplicate_key", "K7"),
            contacts=(2, 0, 2),
        ),
        assumes="ruling 2 says every record whose key is readable, so deleted ones too",
    ),
    Case(
        "a deleted number is no range and counts for nothing",
        a_deleted_number_beyond_the_range,
        accepted(asset_numbers=(2, 2, 0)),
        assumes=COUNTED,
    ),
    Case(
        "is_deleted may be spelled otherwise and is judged all the same",
        an_alias_of_the_deletion_column,
        rejects(("customers", 3, "C3", "is_deleted", "bad_boolean", "soon")),
    ),
    Case(
        "a deleted record does not excuse a missing column",
        a_deleted_record_and_a_missing_column,
        stops(22, "contacts", "last_name"),
    ),
]
