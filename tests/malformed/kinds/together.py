"""Several faults at once: which reason a cell gets, and which ones a record gets."""

from tests.malformed.expectation import Case, accepted, rejects
from tests.malformed.world import Verbatim, World


def one_of_each_in_one_record(world: World) -> None:
    world.add(
        "order_lines",
        order_id="O9",
        product_id=" ",
        site_id="S1\x00",
        action="Explode",
        quantity="-1",
        upfront_price="-0.01",
        recurring_price="12.34567",
        upfront_do_not_bill="maybe",
        connected_on="05/01/2026",
        term_months="a year",
        cli=b"020\xff",
    )


def encoding_before_control(world: World) -> None:
    world.add("customers", name=b"Acme\x00\xff")
    world.add("customers", name=b"\xffAcme\x01")


def control_before_missing(world: World) -> None:
    world.add("customers", name="\x0b")
    world.add("customers", name=" \x85 ")


def encoding_before_missing(world: World) -> None:
    world.add("customers", name=b" \xa0 ")


def control_before_type(world: World) -> None:
    world.add("assets", is_live="true\x7f", connection_on="\x002026-01-05", quantity="\x1f3")


def missing_before_type(world: World) -> None:
    world.add("assets", is_live="\u00a0")
    world.add("order_lines", quantity="\t")
    world.add("customers", status=" ")
    world.add("application_links", entity_type=" ")


def control_before_reference(world: World) -> None:
    world.add("orders", customer_id="C9\x00", site_id="S9")


def encoding_before_reference(world: World) -> None:
    world.add("orders", customer_id=b"C\xe9", site_id=b"S1")


def ragged_before_everything(world: World) -> None:
    world.add_line("customers", b"C1,\xff,\x00,Nowhere")


def a_duplicate_with_two_more_faults(world: World) -> None:
    for _ in range(2):
        world.add("orders", order_id="O7", created_on="soon", customer_id="C9")


def faults_in_many_feeds(world: World) -> None:
    world.add("customers", status="Asleep")
    world.add("sites", is_default="x")
    world.add("products", upfront_price="x")
    world.add("orders", created_on="x")
    world.add("order_lines", quantity="x")
    world.add("assets", cease_on="x")
    world.add("affinity_products", is_active="x")


def raw_values_as_written(world: World) -> None:
    world.add("order_lines", connected_on="  31/02/2026 ", quantity=Verbatim('" 0"'))
    world.add("order_lines", recurring_price="\u00a01,00.00", action="New\n")
    world.add("order_lines", quantity="", term_months='"12"')


def padded_values_of_every_type(world: World) -> None:
    world.add(
        "order_lines",
        quantity="\u00a02 ",
        recurring_price="\t£1,000.00\n",
        connected_on="\u30002026-01-05\r\n",
        recurring_do_not_bill=" N ",
        action="\u2003New & Cease\u2003",
        term_months="\n12",
        order_id=" O1\u2029",
    )


def a_catalogue_with_gaps(world: World) -> None:
    world.add("affinity_products", is_active="", name="", price="")
    world.add("affinity_products", is_active="no")


def wrong_catalogue_records(world: World) -> None:
    world.add("affinity_products", product_code="")
    world.add("affinity_products", price="free", is_active="on")


def wrong_entity_types(world: World) -> None:
    world.add("application_links", entity_type="site")
    world.add("application_links", entity_type="19.0")
    world.add("application_links", entity_type="+19")
    world.add("application_links", entity_type=" 19 ")
    world.add("application_links", entity_type="-19")


def a_platform_that_bears_our_names(world: World) -> None:
    world.add("billing_platforms", name="Affinity")
    world.add("billing_platforms", name="The Layer")


def strange_service_numbers(world: World) -> None:
    numbers = ("4.4E+11", "BBEU12345678", "x" * 5_000, "+44 (0)20 7946 0001", "=1+1", "\u00bd")
    for number in numbers:
        world.add("assets", cli=number)
        world.add("order_lines", cli=number)
        world.add("quotation_lines", cli=number)
        world.add("affinity_clis", cli=number)


LINES = "order_lines"

CASES = [
    Case(
        "a record may have a reason in each of its columns",
        one_of_each_in_one_record,
        rejects(
            (LINES, 2, "L2", "order_id", "unknown_reference", "O9"),
            (LINES, 2, "L2", "product_id", "missing_value", " "),
            (LINES, 2, "L2", "site_id", "bad_text"),
            (LINES, 2, "L2", "action", "unknown_value", "Explode"),
            (LINES, 2, "L2", "quantity", "bad_quantity", "-1"),
            (LINES, 2, "L2", "upfront_price", "negative_price", "-0.01"),
            (LINES, 2, "L2", "recurring_price", "bad_number", "12.34567"),
            (LINES, 2, "L2", "upfront_do_not_bill", "bad_boolean", "maybe"),
            (LINES, 2, "L2", "connected_on", "bad_date", "05/01/2026"),
            (LINES, 2, "L2", "term_months", "bad_number", "a year"),
            (LINES, 2, "L2", "cli", "bad_encoding"),
            order_lines=(2, 1, 1),
        ),
    ),
    Case(
        "bad encoding comes before a control character",
        encoding_before_control,
        rejects(
            ("customers", 3, "C3", "name", "bad_encoding"),
            ("customers", 4, "C4", "name", "bad_encoding"),
        ),
    ),
    Case(
        "bad encoding comes before a missing value",
        encoding_before_missing,
        rejects(("customers", 3, "C3", "name", "bad_encoding")),
    ),
    Case(
        "a control character comes before a missing value",
        control_before_missing,
        rejects(
            ("customers", 3, "C3", "name", "bad_text"),
            ("customers", 4, "C4", "name", "bad_text"),
        ),
    ),
    Case(
        "a control character comes before the type",
        control_before_type,
        rejects(
            ("assets", 2, "A2", "is_live", "bad_text"),
            ("assets", 2, "A2", "connection_on", "bad_text"),
            ("assets", 2, "A2", "quantity", "bad_text"),
            assets=(2, 1, 1),
        ),
    ),
    Case(
        "a missing value comes before the type",
        missing_before_type,
        rejects(
            ("assets", 2, "A2", "is_live", "missing_value", "\u00a0"),
            (LINES, 2, "L2", "quantity", "missing_value", "\t"),
            ("customers", 3, "C3", "status", "missing_value", " "),
            ("application_links", 1, None, "entity_type", "missing_value", " "),
        ),
    ),
    Case(
        "a control character comes before an unknown reference, cell by cell",
        control_before_reference,
        rejects(
            ("orders", 2, "O2", "customer_id", "bad_text"),
            ("orders", 2, "O2", "site_id", "unknown_reference", "S9"),
            orders=(2, 1, 1),
        ),
    ),
    Case(
        "bad encoding comes before an unknown reference",
        encoding_before_reference,
        rejects(("orders", 2, "O2", "customer_id", "bad_encoding"), orders=(2, 1, 1)),
    ),
    Case(
        "a ragged row has no other reason, and its key is not a duplicate",
        ragged_before_everything,
        rejects(("customers", 3, "", "", "ragged_row"), customers=(3, 2, 1)),
    ),
    Case(
        "duplicates may have further faults, each of its own column",
        a_duplicate_with_two_more_faults,
        rejects(
            *(
                ("orders", row, "O7", column, reason, raw)
                for row in (2, 3)
                for column, reason, raw in (
                    ("order_id", "duplicate_key", "O7"),
                    ("created_on", "bad_date", "soon"),
                    ("customer_id", "unknown_reference", "C9"),
                )
            ),
            orders=(3, 1, 2),
        ),
    ),
    Case(
        "faults in many feeds are all reported",
        faults_in_many_feeds,
        rejects(
            ("customers", 3, "C3", "status", "unknown_value", "Asleep"),
            ("sites", 2, "S2", "is_default", "bad_boolean", "x"),
            ("products", 2, "P2", "upfront_price", "bad_number", "x"),
            ("orders", 2, "O2", "created_on", "bad_date", "x"),
            (LINES, 2, "L2", "quantity", "bad_quantity", "x"),
            ("assets", 2, "A2", "cease_on", "bad_date", "x"),
            ("affinity_products", 2, "SKU-2", "is_active", "bad_boolean", "x"),
        ),
    ),
    Case(
        "a raw value is the cell as written, not trimmed",
        raw_values_as_written,
        rejects(
            (LINES, 2, "L2", "connected_on", "bad_date", "  31/02/2026 "),
            (LINES, 2, "L2", "quantity", "bad_quantity", " 0"),
            (LINES, 3, "L3", "recurring_price", "bad_number", "\u00a01,00.00"),
            (LINES, 4, "L4", "quantity", "missing_value", ""),
            (LINES, 4, "L4", "term_months", "bad_number", '"12"'),
            order_lines=(4, 1, 3),
        ),
    ),
    Case(
        "values of every type are trimmed of any white space",
        padded_values_of_every_type,
        accepted(order_lines=(2, 2, 0)),
    ),
    Case(
        "Affinity's catalogue may leave name, price and activity blank",
        a_catalogue_with_gaps,
        accepted(affinity_products=(3, 3, 0)),
    ),
    Case(
        "Affinity's catalogue is judged like any other feed",
        wrong_catalogue_records,
        rejects(
            ("affinity_products", 2, "", "product_code", "missing_value"),
            ("affinity_products", 3, "SKU-3", "price", "bad_number", "free"),
            ("affinity_products", 3, "SKU-3", "is_active", "bad_boolean", "on"),
            affinity_products=(3, 1, 2),
        ),
    ),
    Case(
        "an application link's entity type is a whole number",
        wrong_entity_types,
        rejects(
            ("application_links", 1, None, "entity_type", "bad_number", "site"),
            ("application_links", 2, None, "entity_type", "bad_number", "19.0"),
            ("application_links", 3, None, "entity_type", "bad_number", "+19"),
            application_links=(5, 2, 3),
        ),
    ),
    Case(
        "billing platforms may repeat the names of the profile",
        a_platform_that_bears_our_names,
        accepted(billing_platforms=(2, 2, 0)),
    ),
    Case(
        "a service's number is any text to the reader, however damaged",
        strange_service_numbers,
        accepted(
            assets=(7, 7, 0),
            order_lines=(7, 7, 0),
            quotation_lines=(6, 6, 0),
            affinity_clis=(6, 6, 0),
        ),
    ),
]
