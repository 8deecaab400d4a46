"""References: which are checked, and how far the loss of a parent reaches."""

from tests.malformed.expectation import Case, accepted, rejects
from tests.malformed.one_cell import fine, spoilt
from tests.malformed.world import World

CHECKED = (
    ("sites", "customer_id"),
    ("addresses", "customer_id"),
    ("addresses", "site_id"),
    ("contacts", "customer_id"),
    ("contacts", "site_id"),
    ("orders", "customer_id"),
    ("orders", "site_id"),
    ("order_lines", "order_id"),
    ("order_lines", "product_id"),
    ("order_lines", "site_id"),
    ("assets", "customer_id"),
    ("assets", "site_id"),
    ("assets", "product_id"),
)

UNCHECKED = (
    ("sites", "parent_site_id"),
    ("order_lines", "asset_id"),
    ("order_lines", "target_asset_id"),
    ("order_lines", "parent_line_id"),
    ("assets", "line_id"),
    ("assets", "parent_asset_id"),
    ("quotation_lines", "customer_id"),
    ("quotation_lines", "line_id"),
    ("quotation_lines", "product_id"),
    ("application_links", "entity_id"),
    ("affinity_site_products", "product_code"),
)

NULLABLE = (
    *(("addresses", "site_id"), ("contacts", "site_id"), ("orders", "site_id")),
    *(("order_lines", "site_id"), ("assets", "site_id"), ("assets", "line_id")),
)

UNKNOWN = "unknown_reference"

# what hangs on customer C1 in the base and in `with_dependants`
C1_DEPENDANTS = (
    ("sites", 1, "S1", "customer_id", UNKNOWN, "C1"),
    ("orders", 1, "O1", "customer_id", UNKNOWN, "C1"),
    ("assets", 1, "A1", "customer_id", UNKNOWN, "C1"),
    ("addresses", 1, "D1", "customer_id", UNKNOWN, "C1"),
    ("contacts", 1, "K1", "customer_id", UNKNOWN, "C1"),
)
S1_DEPENDANTS = (
    ("orders", 1, "O1", "site_id", UNKNOWN, "S1"),
    ("order_lines", 1, "L1", "site_id", UNKNOWN, "S1"),
    ("assets", 1, "A1", "site_id", UNKNOWN, "S1"),
    ("addresses", 1, "D1", "site_id", UNKNOWN, "S1"),
    ("contacts", 1, "K1", "site_id", UNKNOWN, "S1"),
)
O1_DEPENDANTS = (("order_lines", 1, "L1", "order_id", UNKNOWN, "O1"),)
P1_DEPENDANTS = (
    ("order_lines", 1, "L1", "product_id", UNKNOWN, "P1"),
    ("assets", 1, "A1", "product_id", UNKNOWN, "P1"),
)
A1_DEPENDANTS = (("asset_numbers", 1, None, "asset_id", UNKNOWN, "A1"),)

ALL_OF_C1 = (*C1_DEPENDANTS, *S1_DEPENDANTS, *O1_DEPENDANTS, *A1_DEPENDANTS)
C1_COUNTS = {
    "sites": (1, 0, 1),
    "orders": (1, 0, 1),
    "order_lines": (1, 0, 1),
    "assets": (1, 0, 1),
    "addresses": (1, 0, 1),
    "contacts": (1, 0, 1),
    "asset_numbers": (1, 0, 1),
}


def with_dependants(world: World) -> None:
    """Give the optional feeds a record that hangs on C1, S1 or A1."""
    for feed in ("addresses", "contacts", "asset_numbers", "quotation_lines"):
        world.add(feed)


def a_customer_without_a_name(world: World) -> None:
    with_dependants(world)
    world.change("customers", 1, name="")


def a_customer_that_is_ragged(world: World) -> None:
    with_dependants(world)
    feed = world.feed("customers")
    feed.records[0] = b"C1,Northbank Dental Care,Live"


def a_customer_whose_key_has_a_nul(world: World) -> None:
    with_dependants(world)
    world.change("customers", 1, customer_id="C1\x00")


def a_customer_twice(world: World) -> None:
    with_dependants(world)
    world.add("customers", customer_id="C1")


def a_customer_that_is_not_there(world: World) -> None:
    with_dependants(world)
    del world.feed("customers").records[0]


def a_spoilt_site(world: World) -> None:
    with_dependants(world)
    world.change("sites", 1, is_default="perhaps")


def a_spoilt_product(world: World) -> None:
    with_dependants(world)
    world.change("products", 1, recurring_price="12.5.0")


def a_spoilt_order(world: World) -> None:
    with_dependants(world)
    world.change("orders", 1, created_on="20/02/2026")


def a_spoilt_line(world: World) -> None:
    with_dependants(world)
    world.change("order_lines", 1, quantity="0")
    world.add("quotation_lines", line_id="L1")


def a_spoilt_asset(world: World) -> None:
    with_dependants(world)
    world.change("assets", 1, is_live="soon")
    world.add("assets", parent_asset_id="A1")


def a_spoilt_parent_site(world: World) -> None:
    world.add("sites", is_default="perhaps")
    world.add("sites", parent_site_id="S2")


def three_broken_references_in_one_record(world: World) -> None:
    world.add("order_lines", order_id="O9", product_id="P9", site_id="S9")


def rejected_and_orphaned(world: World) -> None:
    world.add("orders", created_on="soon", customer_id="C9", site_id="S9")


def padded_references(world: World) -> None:
    world.add("order_lines", order_id=" O1 ", product_id="\u00a0P1", site_id="S1\t")


def padded_keys(world: World) -> None:
    world.add("customers", customer_id=" C3 ")
    world.add("sites", customer_id="C3")


def a_chain_that_starts_in_the_middle(world: World) -> None:
    world.add("sites", customer_id="C9")
    world.add("orders", site_id="S2")
    world.add("order_lines", order_id="O2")
    world.add("order_lines", site_id="S2")
    world.add("assets", site_id="S2")
    world.add("asset_numbers", asset_id="A2")


def children_before_their_parents(world: World) -> None:
    world.feed("customers").records.reverse()
    world.add("sites", customer_id="C3", parent_site_id="S3")
    world.add("sites", customer_id="C2")
    world.add("customers")


CASES = [
    *(
        spoilt(f"{feed}.{column} must be known", feed, column, "NOWHERE", UNKNOWN)
        for feed, column in CHECKED
    ),
    spoilt("asset_numbers.asset_id must be known", "asset_numbers", "asset_id", "A9", UNKNOWN),
    *(
        fine(f"{feed}.{column} may be unknown", feed, column, "NOWHERE")
        for feed, column in UNCHECKED
    ),
    *(fine(f"{feed}.{column} may be blank", feed, column, "") for feed, column in NULLABLE),
    spoilt("references mind case", "sites", "customer_id", "c1", UNKNOWN),
    spoilt("references mind leading zeros", "sites", "customer_id", "C01", UNKNOWN),
    spoilt("references mind inner spaces", "sites", "customer_id", "C 1", UNKNOWN),
    spoilt("the word NULL refers to a record of that key", "orders", "site_id", "NULL", UNKNOWN),
    Case("references are trimmed", padded_references, accepted(order_lines=(2, 2, 0))),
    Case("keys are trimmed before they are looked up", padded_keys, accepted(sites=(2, 2, 0))),
    Case(
        "a customer without a name takes everything of it along",
        a_customer_without_a_name,
        rejects(
            ("customers", 1, "C1", "name", "missing_value", ""),
            *ALL_OF_C1,
            customers=(2, 1, 1),
            quotation_lines=(1, 1, 0),
            **C1_COUNTS,
        ),
    ),
    Case(
        "a ragged customer takes everything of it along",
        a_customer_that_is_ragged,
        rejects(
            ("customers", 1, "", "", "ragged_row"),
            *ALL_OF_C1,
            customers=(2, 1, 1),
            **C1_COUNTS,
        ),
    ),
    Case(
        "a customer whose key has a NUL takes everything of it along",
        a_customer_whose_key_has_a_nul,
        rejects(
            ("customers", 1, None, "customer_id", "bad_text", "C1\x00"),
            *ALL_OF_C1,
            customers=(2, 1, 1),
            **C1_COUNTS,
        ),
    ),
    Case(
        "a customer given twice takes everything of it along",
        a_customer_twice,
        rejects(
            ("customers", 1, "C1", "customer_id", "duplicate_key", "C1"),
            ("customers", 3, "C1", "customer_id", "duplicate_key", "C1"),
            *ALL_OF_C1,
            customers=(3, 1, 2),
            **C1_COUNTS,
        ),
    ),
    Case(
        "a customer that is not there takes everything of it along",
        a_customer_that_is_not_there,
        rejects(*ALL_OF_C1, customers=(1, 1, 0), **C1_COUNTS),
    ),
    Case(
        "a spoilt site takes its order, line, asset, numbers, address and contact along",
        a_spoilt_site,
        rejects(
            ("sites", 1, "S1", "is_default", "bad_boolean", "perhaps"),
            *S1_DEPENDANTS,
            *O1_DEPENDANTS,
            *A1_DEPENDANTS,
            **C1_COUNTS,
        ),
    ),
    Case(
        "a spoilt product takes its line, its asset and the asset's numbers along",
        a_spoilt_product,
        rejects(
            ("products", 1, "P1", "recurring_price", "bad_number", "12.5.0"),
            *P1_DEPENDANTS,
            *A1_DEPENDANTS,
            orders=(1, 1, 0),
            quotation_lines=(1, 1, 0),
        ),
    ),
    Case(
        "a spoilt order takes its line along and leaves the asset",
        a_spoilt_order,
        rejects(
            ("orders", 1, "O1", "created_on", "bad_date", "20/02/2026"),
            *O1_DEPENDANTS,
            assets=(1, 1, 0),
            asset_numbers=(1, 1, 0),
        ),
    ),
    Case(
        "a spoilt line takes nothing along",
        a_spoilt_line,
        rejects(
            ("order_lines", 1, "L1", "quantity", "bad_quantity", "0"),
            assets=(1, 1, 0),
            asset_numbers=(1, 1, 0),
            quotation_lines=(2, 2, 0),
        ),
    ),
    Case(
        "a spoilt asset takes its numbers along and leaves its line and its child",
        a_spoilt_asset,
        rejects(
            ("assets", 1, "A1", "is_live", "bad_boolean", "soon"),
            *A1_DEPENDANTS,
            order_lines=(1, 1, 0),
            assets=(2, 1, 1),
        ),
    ),
    Case(
        "a spoilt parent site leaves its child",
        a_spoilt_parent_site,
        rejects(
            ("sites", 2, "S2", "is_default", "bad_boolean", "perhaps"),
            sites=(3, 2, 1),
        ),
    ),
    Case(
        "a record with three broken references has three rejects and counts once",
        three_broken_references_in_one_record,
        rejects(
            ("order_lines", 2, "L2", "order_id", UNKNOWN, "O9"),
            ("order_lines", 2, "L2", "product_id", UNKNOWN, "P9"),
            ("order_lines", 2, "L2", "site_id", UNKNOWN, "S9"),
            order_lines=(2, 1, 1),
        ),
    ),
    Case(
        "a record rejected already is also told of its broken references",
        rejected_and_orphaned,
        rejects(
            ("orders", 2, "O2", "created_on", "bad_date", "soon"),
            ("orders", 2, "O2", "customer_id", UNKNOWN, "C9"),
            ("orders", 2, "O2", "site_id", UNKNOWN, "S9"),
            orders=(2, 1, 1),
        ),
    ),
    Case(
        "a chain that starts in the middle is lost to its end",
        a_chain_that_starts_in_the_middle,
        rejects(
            ("sites", 2, "S2", "customer_id", UNKNOWN, "C9"),
            ("orders", 2, "O2", "site_id", UNKNOWN, "S2"),
            ("order_lines", 2, "L2", "order_id", UNKNOWN, "O2"),
            ("order_lines", 3, "L3", "site_id", UNKNOWN, "S2"),
            ("assets", 2, "A2", "site_id", UNKNOWN, "S2"),
            ("asset_numbers", 1, None, "asset_id", UNKNOWN, "A2"),
            sites=(2, 1, 1),
            orders=(2, 1, 1),
            order_lines=(3, 1, 2),
            assets=(2, 1, 1),
            asset_numbers=(1, 0, 1),
        ),
    ),
    Case(
        "records may come in any order",
        children_before_their_parents,
        accepted(customers=(3, 3, 0), sites=(3, 3, 0)),
    ),
]
