"""Booleans and enumerations."""

from tests.malformed.expectation import Case, accepted, rejects
from tests.malformed.one_cell import fine, shown, spoilt
from tests.malformed.world import World

BOOLEAN_ACCEPTED = (
    *("true", "TRUE", "True", "yes", "YES", "y", "Y", "1", " Yes ", "false", "FALSE", "no", "No"),
    *("n", "N", "0", "\u00a0n\u00a0"),
)

BOOLEAN_WRONG = (
    *("on", "off", "t", "f", "T", "2", "-1", "01", "00", "1.0", "+1", "x", "\u2713", "ye s"),
    *("true.", "'true", "truthy", "null", "NULL", "n/a", "\uff11", "oui", "yes and no"),
)

BOOLEAN_COLUMNS = {
    "sites": ("is_default",),
    "products": ("needs_cli", "fixed_billing", "is_custom"),
    "order_lines": ("upfront_do_not_bill", "recurring_do_not_bill"),
    "assets": ("is_live", "do_not_bill", "is_auto_renew"),
    "affinity_products": ("is_active",),
}

CHOICES_ACCEPTED = {
    ("customers", "status"): ("Live", "LIVE", "live", " pending ", "cAnCeLlEd"),
    ("products", "item_type"): ("service", "PRODUCT", "Service\u00a0"),
    ("products", "billing_frequency"): ("MONTHLY", "quarterly", "Annual", " ", ""),
    ("order_lines", "action"): ("new & cease", "NEW & CEASE", "update", "NEW", "", " "),
    ("order_lines", "billing_frequency"): ("annual", "QUARTERLY", ""),
    ("order_lines", "recurring_bill_status"): ("ready to bill", "IN BILLING", "Not Billed", ""),
    ("order_lines", "upfront_bill_status"): ("READY TO BILL", "not billed"),
    ("affinity_site_products", "charge_type"): ("UPFRONT", "Recurring", ""),
}

CHOICES_WRONG = {
    ("customers", "status"): ("Active", "Canceled", "Live.", "L\u0131ve", "Li ve", "Pending/Live"),
    ("products", "item_type"): ("Services", "Prod", "1", "Service, Product"),
    ("products", "billing_frequency"): ("Month", "Yearly", "Per month", "12"),
    ("order_lines", "action"): (
        *("Cease", "New&Cease", "New  &  Cease", "New and Cease", "New\u00a0&\u00a0Cease", "Add"),
    ),
    ("order_lines", "billing_frequency"): ("Weekly", "One-off"),
    ("order_lines", "recurring_bill_status"): (
        *("Ready", "Ready  to Bill", "ReadyToBill", "In-Billing", "Billed"),
    ),
    ("order_lines", "upfront_bill_status"): ("Not_Billed",),
    ("affinity_site_products", "charge_type"): ("up-front", "Rental"),
}


def every_boolean_spoilt(world: World) -> None:
    for feed, columns in BOOLEAN_COLUMNS.items():
        world.add(feed, **dict.fromkeys(columns, "maybe"))


def every_optional_boolean_blank(world: World) -> None:
    for feed, columns in BOOLEAN_COLUMNS.items():
        world.add(feed, **{column: " " for column in columns if column != "is_live"})


CASES = [
    *(
        fine(f"a boolean may be {shown(text)}", "assets", "is_live", text)
        for text in BOOLEAN_ACCEPTED
    ),
    *(
        spoilt(f"a boolean must not be {shown(text)}", "assets", "is_live", text, "bad_boolean")
        for text in BOOLEAN_WRONG
    ),
    spoilt("a blank required boolean is missing", "assets", "is_live", " ", "missing_value"),
    *(
        fine(f"{feed}.{column} may be {shown(text)}", feed, column, text)
        for (feed, column), texts in CHOICES_ACCEPTED.items()
        for text in texts
    ),
    *(
        spoilt(
            f"{feed}.{column} must not be {shown(text)}",
            *(feed, column, text, "unknown_value"),
        )
        for (feed, column), texts in CHOICES_WRONG.items()
        for text in texts
    ),
    spoilt(
        "a blank required enumeration is missing rather than unknown",
        *("products", "item_type", "\u00a0", "missing_value"),
    ),
    fine("an order's status is any text", "orders", "status", "Waiting for Openreach"),
    Case(
        "every boolean column of every feed is judged",
        every_boolean_spoilt,
        rejects(
            *(
                (feed, World().add(feed), None, column, "bad_boolean", "maybe")
                for feed, columns in BOOLEAN_COLUMNS.items()
                for column in columns
            )
        ),
    ),
    Case(
        "booleans that are not required may be blank",
        every_optional_boolean_blank,
        accepted(
            sites=(2, 2, 0),
            products=(2, 2, 0),
            order_lines=(2, 2, 0),
            assets=(2, 2, 0),
            affinity_products=(2, 2, 0),
        ),
    ),
]
