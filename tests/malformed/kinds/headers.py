"""Headers: how a column is recognised, and what stops the run."""

from tests.malformed.expectation import Case, Make, accepted, rejects, stops
from tests.malformed.world import World

SPELLINGS = (
    *("Customer ID", "CUSTOMER_ID", "customer-id", "CustomerID", "customerid", " customer_id "),
    *("Customer  Id", "CUSTOMER-Id", "_customer_id_", "c u s t o m e r i d"),
)

ALIASES = (
    ("order_lines", "bill_start_override", "Bill Start Override"),
    ("order_lines", "bill_start_override", "Billing Start Date Override"),
    ("order_lines", "connected_on", "Connected Date"),
    ("order_lines", "issued_on", "Issue Date"),
    ("order_lines", "cli", "CTN"),
    ("order_lines", "cli", "MSISDN"),
    ("order_lines", "cli", "Billing ID"),
    ("order_lines", "cli", "MPN"),
    ("assets", "cli", "billing-id"),
    ("assets", "connection_on", "Connection Date"),
    ("assets", "expiry_on", "EXPIRY DATE"),
    ("assets", "cease_on", "Cease_Date"),
    ("assets", "is_live", "Live"),
    ("quotation_lines", "cli", "ctn"),
    ("asset_numbers", "cli", "DDI Range Start"),
    ("asset_numbers", "cli", "DDR Range Start"),
    ("asset_numbers", "range_end", "DDI Range End"),
    ("sites", "integration_id", "Site Integration ID"),
    ("products", "external_sku", "SKU"),
    ("products", "external_sku", "Affinity Product Code"),
    ("affinity_cease_requests", "Completed On", "completed_on"),
    ("affinity_cease_requests", "OBJECTUID", "Object UID"),
)

BAD_VALUE_UNDER_ALIAS = (
    ("order_lines", "connected_on", "Connected Date", "soon", "bad_date"),
    ("order_lines", "issued_on", "issue date", "soon", "bad_date"),
    ("assets", "is_live", "Live", "soon", "bad_boolean"),
    ("assets", "cease_on", "Cease Date", "soon", "bad_date"),
)

REQUIRED_COLUMNS = (
    *(("customers", "customer_id"), ("customers", "name"), ("customers", "status")),
    *(("sites", "site_id"), ("sites", "customer_id"), ("sites", "name")),
    *(("products", "product_id"), ("products", "name"), ("products", "item_type")),
    *(("orders", "order_id"), ("orders", "order_ref"), ("orders", "customer_id")),
    ("orders", "status"),
    *(("order_lines", "line_id"), ("order_lines", "order_id"), ("order_lines", "product_id")),
    ("order_lines", "quantity"),
    *(("assets", "asset_id"), ("assets", "customer_id"), ("assets", "product_id")),
    ("assets", "is_live"),
    *(("addresses", "line1"), ("addresses", "postcode"), ("contacts", "last_name")),
    *(("asset_numbers", "asset_id"), ("asset_numbers", "cli")),
    *(("quotation_lines", "product_id"), ("application_links", "entity_type")),
    *(("application_links", "integration_id"), ("affinity_products", "product_code")),
    *(("affinity_clis", "site_ref"), ("affinity_site_products", "object_uid")),
)

TWO_FOR_ONE = (
    ("customers", "Customer ID", ("customers", "customer_id")),
    ("customers", "customer_id", ("customers", "customer_id")),
    ("customers", "NAME", ("customers", "name")),
    ("customers", "reg istered-name", ("customers", "registered_name")),
    ("order_lines", "CTN", ("order_lines", "cli")),
    ("order_lines", "Billing ID", ("order_lines", "cli")),
    ("order_lines", "Connected Date", ("order_lines", "connected_on")),
    ("assets", "Live", ("assets", "is_live")),
    ("assets", "MSISDN", ("assets", "cli")),
    ("products", "SKU", ("products", "external_sku")),
    ("sites", "Site Integration ID", ("sites", "integration_id")),
    ("affinity_products", "Is Active", ("affinity_products", "is_active")),
)

ONLY_REQUIRED = {
    "customers": ("customer_id", "name", "status"),
    "sites": ("site_id", "customer_id", "name"),
    "products": ("product_id", "name", "item_type"),
    "orders": ("order_id", "order_ref", "customer_id", "status"),
    "order_lines": ("line_id", "order_id", "product_id", "quantity"),
    "assets": ("asset_id", "customer_id", "product_id", "is_live"),
    "affinity_products": ("product_code",),
}


def _renamed(feed: str, column: str, header: str) -> Make:
    def make(world: World) -> None:
        world.add(feed)
        world.rename(feed, column, header)

    return make


def _renamed_and_spoilt(feed: str, column: str, header: str, value: str) -> Make:
    def make(world: World) -> None:
        world.add(feed, **{column: value})
        world.rename(feed, column, header)

    return make


def _dropped(feed: str, column: str) -> Make:
    def make(world: World) -> None:
        world.add(feed)
        world.drop_column(feed, column)

    return make


def _doubled(feed: str, header: str) -> Make:
    return lambda world: world.add_column(feed, "its double", header=header)


def two_aliases_of_one_field(world: World) -> None:
    world.rename("order_lines", "cli", "CTN")
    world.add_column("order_lines", "its double", header="MSISDN")


def two_override_labels(world: World) -> None:
    world.rename("order_lines", "bill_start_override", "Bill Start Override")
    world.add_column("order_lines", "its double", header="Billing Start Date Override")


def two_range_starts(world: World) -> None:
    world.add("asset_numbers")
    world.rename("asset_numbers", "cli", "DDI Range Start")
    world.add_column("asset_numbers", "its double", header="DDR Range Start")


def two_deletion_columns(world: World) -> None:
    world.add_column("orders", "is_deleted")
    world.add_column("orders", "Is Deleted")


def an_alias_of_another_feed(world: World) -> None:
    world.add_column("sites", "CTN")
    world.add_column("customers", "Live")
    world.add_column("orders", "SKU")


def unknown_columns(world: World) -> None:
    world.add("customers", **{"Sage Account": "S-1", "Credit limit": "a lot", "\u2603": "x"})


def unknown_columns_of_one_name(world: World) -> None:
    world.add_column("customers", "Notes")
    world.add_column("customers", "more notes", header="Notes")
    world.add("customers", Notes="a")


def columns_without_a_name(world: World) -> None:
    world.add_column("customers", "blank 1", header="")
    world.add_column("customers", "blank 2", header=" ")
    world.add_column("customers", "blank 3", header="")
    world.add("customers")


def columns_in_another_order(world: World) -> None:
    for feed in ONLY_REQUIRED:
        world.feed(feed).columns.reverse()


def only_the_required_columns(world: World) -> None:
    for feed, columns in ONLY_REQUIRED.items():
        world.feed(feed).columns[:] = columns


def a_byte_order_mark(world: World) -> None:
    for feed in ONLY_REQUIRED:
        world.alter(feed, lambda content: b"\xef\xbb\xbf" + content)


def a_byte_order_mark_before_quotes(world: World) -> None:
    world.feed("customers").quote_all = True
    world.alter("customers", lambda content: b"\xef\xbb\xbf" + content)


def two_byte_order_marks(world: World) -> None:
    world.alter("customers", lambda content: b"\xef\xbb\xbf" * 2 + content)


def a_byte_order_mark_inside_the_file(world: World) -> None:
    world.add("customers", customer_id="\ufeffC3")


def a_header_shorter_than_its_rows(world: World) -> None:
    world.add("contacts")
    world.add("contacts")
    world.alter("contacts", lambda content: content.replace(b",modified_at\n", b"\n", 1))


def a_header_longer_than_its_rows(world: World) -> None:
    world.add("contacts")
    world.alter("contacts", lambda content: content.replace(b"modified_at\n", b"modified_at,\n", 1))


def no_header_but_records(world: World) -> None:
    world.alter("customers", lambda content: content.split(b"\n", 1)[1])


def cease_requests_under_unknown_labels(world: World) -> None:
    world.add("affinity_cease_requests")
    world.rename("affinity_cease_requests", "OBJECTUID", "Object")
    world.rename("affinity_cease_requests", "Completed On", "Done")


def a_header_with_a_nul(world: World) -> None:
    world.rename("customers", "status", "sta\x00tus")


def a_header_badly_encoded(world: World) -> None:
    world.rename("customers", "status", b"st\xe4tus")


def a_header_with_a_quote_never_closed(world: World) -> None:
    world.rename("customers", "name", b'"name')


def a_header_with_text_after_a_quote(world: World) -> None:
    world.rename("customers", "status", b'"status"es')


def a_title_above_the_header(world: World) -> None:
    world.alter("customers", lambda content: b"Customer export 31/03/2026\n" + content)


def an_excel_separator_line(world: World) -> None:
    world.alter("customers", lambda content: b"sep=,\n" + content)


def a_quoted_header(world: World) -> None:
    world.rename("customers", "name", b'"Name"')
    world.rename("customers", "status", b'" Status "')


def lookalike_letters_in_a_header(world: World) -> None:
    world.rename("customers", "name", "n\u0430me")


def alias_columns_reported_by_field(world: World) -> None:
    world.add("order_lines", connected_on="soon", cli="020\x007946")
    world.rename("order_lines", "connected_on", "Connected Date")
    world.rename("order_lines", "cli", "Billing ID")


CASES = [
    *(
        Case(
            f"the header {header!r} means customer_id",
            _renamed("customers", "customer_id", header),
            accepted(customers=(3, 3, 0)),
        )
        for header in SPELLINGS
    ),
    *(
        Case(
            f"{feed}: the header {header!r} means {column}",
            _renamed(feed, column, header),
            accepted(),
        )
        for feed, column, header in ALIASES
    ),
    *(
        Case(
            f"{feed}: values under {header!r} are judged as {column}",
            _renamed_and_spoilt(feed, column, header, value),
            rejects((feed, 2, None, column, reason, value)),
        )
        for feed, column, header, value, reason in BAD_VALUE_UNDER_ALIAS
    ),
    *(
        Case(
            f"{feed} without the column {column} stops the run",
            _dropped(feed, column),
            stops(22, feed, column),
        )
        for feed, column in REQUIRED_COLUMNS
    ),
    *(
        Case(
            f"{feed} with a further column {header!r} has one field twice and stops the run",
            _doubled(feed, header),
            stops(22, *names),
        )
        for feed, header, names in TWO_FOR_ONE
    ),
    Case(
        "billing_platforms with a title in the place of a name stops the run",
        _renamed("billing_platforms", "name", "title"),
        stops(22, "billing_platforms", "name"),
    ),
    Case(
        "cease requests under labels that mean nothing stop the run",
        cease_requests_under_unknown_labels,
        stops(22, "affinity_cease_requests", "OBJECTUID"),
    ),
    Case(
        "two aliases of one field stop the run",
        two_aliases_of_one_field,
        stops(22, "order_lines", "cli"),
    ),
    Case(
        "both labels of the bill start override stop the run",
        two_override_labels,
        stops(22, "order_lines", "bill_start_override"),
    ),
    Case(
        "both labels of a range's start stop the run in an optional feed too",
        two_range_starts,
        stops(22, "asset_numbers", "cli"),
    ),
    Case(
        "two spellings of is_deleted stop the run",
        two_deletion_columns,
        stops(22, "orders", "is_deleted"),
    ),
    Case(
        "an alias of another feed is an unknown column",
        an_alias_of_another_feed,
        accepted(customers=(2, 2, 0), sites=(1, 1, 0), orders=(1, 1, 0)),
    ),
    Case("unknown columns are ignored", unknown_columns, accepted(customers=(3, 3, 0))),
    Case(
        "two unknown columns may bear one name",
        unknown_columns_of_one_name,
        accepted(customers=(3, 3, 0)),
        assumes="columns that mean no field cannot mean the same field",
    ),
    Case(
        "columns may have no name",
        columns_without_a_name,
        accepted(customers=(3, 3, 0)),
        assumes="columns that mean no field cannot mean the same field",
    ),
    Case(
        "columns may stand in any order",
        columns_in_another_order,
        accepted(customers=(2, 2, 0), order_lines=(1, 1, 0), assets=(1, 1, 0)),
    ),
    Case(
        "columns that are not required may all be absent",
        only_the_required_columns,
        accepted(customers=(2, 2, 0), order_lines=(1, 1, 0), affinity_products=(1, 1, 0)),
    ),
    Case("a byte order mark is skipped", a_byte_order_mark, accepted(customers=(2, 2, 0))),
    Case(
        "a byte order mark before a quoted header is skipped",
        a_byte_order_mark_before_quotes,
        accepted(customers=(2, 2, 0)),
    ),
    Case(
        "a second byte order mark belongs to the first column's name",
        two_byte_order_marks,
        stops(22, "customers", "customer_id"),
        assumes="one byte order mark is accepted, not a run of them",
    ),
    Case(
        "a byte order mark inside the file is text",
        a_byte_order_mark_inside_the_file,
        accepted(customers=(3, 3, 0)),
    ),
    Case(
        "a header shorter than its rows makes every row ragged",
        a_header_shorter_than_its_rows,
        rejects(
            ("contacts", 1, "", "", "ragged_row"),
            ("contacts", 2, "", "", "ragged_row"),
            contacts=(2, 0, 2),
        ),
    ),
    Case(
        "a header longer than its rows makes every row ragged",
        a_header_longer_than_its_rows,
        rejects(("contacts", 1, "", "", "ragged_row"), contacts=(1, 0, 1)),
    ),
    Case(
        "a first record in the header's place stops the run",
        no_header_but_records,
        stops(22, "customers", "customer_id"),
    ),
    Case(
        "a NUL in a required column's name stops the run",
        a_header_with_a_nul,
        stops(22, "customers", "status"),
    ),
    Case(
        "a required column's name that is badly encoded stops the run",
        a_header_badly_encoded,
        stops(22, "customers"),
    ),
    Case(
        "a quote never closed in the header stops the run",
        a_header_with_a_quote_never_closed,
        stops(22, "customers"),
    ),
    Case(
        "text after a closing quote in a required column's name stops the run",
        a_header_with_text_after_a_quote,
        stops(22, "customers"),
    ),
    Case(
        "a title above the header stops the run",
        a_title_above_the_header,
        stops(22, "customers", "customer_id"),
    ),
    Case(
        "a spreadsheet's separator line above the header stops the run",
        an_excel_separator_line,
        stops(22, "customers", "customer_id"),
    ),
    Case("column names may be quoted", a_quoted_header, accepted(customers=(2, 2, 0))),
    Case(
        "a lookalike letter makes another column's name",
        lookalike_letters_in_a_header,
        stops(22, "customers", "name"),
    ),
    Case(
        "a reject names the field and not the label it was found under",
        alias_columns_reported_by_field,
        rejects(
            ("order_lines", 2, "L2", "connected_on", "bad_date", "soon"),
            ("order_lines", 2, "L2", "cli", "bad_text", "020\x007946"),
        ),
        assumes="column_name is the contract's field, whatever the file calls it",
    ),
]
