"""What the sixteen feeds look like: columns, types, keys, references, aliases.

Written out from contract section 2; it knows no values and judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

TEXT = "text"
DATE = "date"
MONEY = "money"
INTEGER = "integer"
QUANTITY = "quantity"
BOOLEAN = "boolean"
CHOICE = "choice"

UPFRONT = "upfront"
RECURRING = "recurring"
CHARGE_TYPES = (UPFRONT, RECURRING)

SERVICE = "Service"
PRODUCT = "Product"

FREQUENCIES = ("Monthly", "Quarterly", "Annual")
BILL_STATUSES = ("Not Billed", "Ready to Bill", "In Billing")


@dataclass(frozen=True)
class Column:
    """One column of a feed: its field name, type, and whether a value is required."""

    name: str
    kind: str = TEXT
    key: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    parent: str | None = None
    """The feed that this column refers to, when the reference is checked."""


@dataclass(frozen=True)
class Feed:
    """One feed: required ones stop the run when absent."""

    name: str
    columns: tuple[Column, ...]
    required: bool = False

    @property
    def keys(self) -> tuple[Column, ...]:
        """The key columns, in the contract's order; a composite key names its first."""
        return tuple(column for column in self.columns if column.key)


IS_DELETED = Column("is_deleted", BOOLEAN)


def _columns(text: str) -> tuple[Column, ...]:
    """Columns from the contract's own notation: `name flags-and-type [parent feed]`.

    Flags: `K` key, `*` required value. Types: s, d, m, i, q, b, e(a|b|c).
    """
    kinds = {
        "s": TEXT,
        "d": DATE,
        "m": MONEY,
        "i": INTEGER,
        "q": QUANTITY,
        "b": BOOLEAN,
        "e": CHOICE,
    }
    columns = []
    for entry in text.split(";"):
        label, _, rest = entry.strip().partition(":")
        shape, _, parent = rest.strip().partition(">")
        shape = shape.strip()
        choices: tuple[str, ...] = ()
        if "(" in shape:
            shape, _, listed = shape.partition("(")
            choices = tuple(listed.rstrip(")").split("|"))
        columns.append(
            Column(
                name=label.strip(),
                kind=kinds[shape[-1]],
                key="K" in shape,
                required="*" in shape or "K" in shape,
                choices=choices,
                parent=parent.strip() or None,
            ),
        )
    return tuple(columns)


_FREQUENCY = "e(" + "|".join(FREQUENCIES) + ")"
_STATUS = "e(" + "|".join(BILL_STATUSES) + ")"

FEEDS: dict[str, Feed] = {
    feed.name: feed
    for feed in (
        Feed(
            "customers",
            _columns(
                "customer_id: Ks; name: *s; registered_name: s;"
                "status: *e(Pending|Live|Cancelled); integration_id: s; vat_number: s;"
                "email: s; telephone: s; bill_run: s; payment_terms: s;"
                "payment_method: s; modified_at: s",
            ),
            required=True,
        ),
        Feed(
            "sites",
            _columns(
                "site_id: Ks; customer_id: *s > customers; parent_site_id: s; name: *s;"
                "site_ref: s; is_default: b; integration_id: s; modified_at: s",
            ),
            required=True,
        ),
        Feed(
            "products",
            _columns(
                "product_id: Ks; name: *s; base_category: s; item_type: *e(Service|Product);"
                "external_sku: s; external_sku_recurring: s; upfront_billing_route: s;"
                "recurring_billing_route: s; upfront_price: m; recurring_price: m;"
                f"billing_frequency: {_FREQUENCY}; needs_cli: b; fixed_billing: b;"
                "is_custom: b; modified_at: s",
            ),
            required=True,
        ),
        Feed(
            "orders",
            _columns(
                "order_id: Ks; order_ref: *s; customer_id: *s > customers; site_id: s > sites;"
                "status: *s; po_ref: s; created_on: d; modified_at: s",
            ),
            required=True,
        ),
        Feed(
            "order_lines",
            _columns(
                "line_id: Ks; order_id: *s > orders; product_id: *s > products;"
                "site_id: s > sites; asset_id: s; converted_on: d;"
                "action: e(New|Update|New & Cease); target_asset_id: s; quantity: *q;"
                f"upfront_price: m; recurring_price: m; billing_frequency: {_FREQUENCY};"
                "upfront_billing_route: s; recurring_billing_route: s;"
                f"upfront_bill_status: {_STATUS}; recurring_bill_status: {_STATUS};"
                "bill_start_override: d; upfront_do_not_bill: b; recurring_do_not_bill: b;"
                "do_not_bill_reason: s; cli: s; connected_on: d; issued_on: d;"
                "term_months: i; parent_line_id: s; modified_at: s",
            ),
            required=True,
        ),
        Feed(
            "assets",
            _columns(
                "asset_id: Ks; line_id: s; customer_id: *s > customers; site_id: s > sites;"
                "product_id: *s > products; cli: s; is_live: *b; connection_on: d;"
                "expiry_on: d; cease_on: d; cease_reason: s; quantity: q; recurring_price: m;"
                "upfront_billing_route: s; recurring_billing_route: s; do_not_bill: b;"
                "parent_asset_id: s; object_uid: s; is_auto_renew: b; modified_at: s",
            ),
            required=True,
        ),
        Feed(
            "addresses",
            _columns(
                "address_id: Ks; customer_id: *s > customers; site_id: s > sites;"
                "address_type: s; line1: *s; line2: s; line3: s; town: s; county: s;"
                "postcode: *s; country: s; modified_at: s",
            ),
        ),
        Feed(
            "contacts",
            _columns(
                "contact_id: Ks; customer_id: *s > customers; site_id: s > sites;"
                "first_name: s; last_name: *s; role: s; email: s; telephone: s; modified_at: s",
            ),
        ),
        Feed("billing_platforms", _columns("name: Ks")),
        Feed(
            "asset_numbers",
            _columns("asset_id: Ks > assets; cli: Ks; range_end: s; start_on: d; end_on: d"),
        ),
        Feed(
            "quotation_lines",
            _columns(
                "quotation_line_id: Ks; quotation_ref: s; customer_id: s; line_id: s;"
                "product_id: *s; cli: s; modified_at: s",
            ),
        ),
        Feed(
            "application_links",
            _columns(
                "application_name: Ks; entity_type: Ki; entity_id: Ks; integration_id: *s",
            ),
        ),
        Feed(
            "affinity_products",
            _columns("product_code: Ks; name: s; is_active: b; price: m"),
        ),
        Feed(
            "affinity_clis",
            _columns("site_ref: *s; cli: *s; start_on: d; end_on: d"),
        ),
        Feed(
            "affinity_site_products",
            _columns(
                "object_uid: Ks; site_ref: *s; cli: s; product_code: *s;"
                "charge_type: e(upfront|recurring); quantity: q; unit_price: m; start_on: d;"
                "end_on: d; row_key: s",
            ),
        ),
        Feed("affinity_cease_requests", _columns("OBJECTUID: s; Completed On: d")),
    )
}
"""All feeds, in the order in which references cascade (contract section 2, Rejects)."""

_CLI_LABELS = dict.fromkeys(("CTN", "MSISDN", "Billing ID", "MPN"), "cli")

ALIASES: dict[str, dict[str, str]] = {
    "order_lines": {
        "Bill Start Override": "bill_start_override",
        "Billing Start Date Override": "bill_start_override",
        "Connected Date": "connected_on",
        "Issue Date": "issued_on",
        **_CLI_LABELS,
    },
    "assets": {
        "Connection Date": "connection_on",
        "Expiry Date": "expiry_on",
        "Cease Date": "cease_on",
        "Live": "is_live",
        **_CLI_LABELS,
    },
    "quotation_lines": dict(_CLI_LABELS),
    "asset_numbers": {
        "DDI Range Start": "cli",
        "DDR Range Start": "cli",
        "DDI Range End": "range_end",
    },
    "sites": {"Site Integration ID": "integration_id"},
    "products": {"SKU": "external_sku", "Affinity Product Code": "external_sku"},
}
"""The Layer's labels per feed (contract section 2, Aliases)."""

DISPOSITIONS = (
    "in_billing",
    "exported",
    "cancelled",
    "amendment",
    "not_applicable",
    "held",
    "billed_in_layer",
    "other_platform",
    "do_not_bill",
    "waiting",
    "ready",
)

WAITING_REASONS = (
    "asset_missing",
    "asset_ambiguous",
    "not_converted",
    "no_connected_date",
    "no_issue_date",
    "date_not_reached",
)

HOLDS = (
    "unknown_route",
    "recurring_on_product",
    "sku_missing",
    "sku_unknown",
    "sku_inactive",
    "sku_pending",
    "customer_unlinked",
    "customer_not_live",
    "site_missing",
    "site_unlinked",
    "site_link_conflict",
    "site_mismatch",
    "asset_mismatch",
    "asset_not_live",
    "target_asset_missing",
    "cli_missing",
    "cli_malformed",
    "cli_damaged",
    "cli_conflict",
    "bill_start_missing",
    "bill_start_after_cease",
    "bill_start_implausible",
    "frequency_missing",
    "suspected_duplicate",
    "layout_unfit",
    "affinity_rejected",
)

REJECT_REASONS = (
    "missing_value",
    "duplicate_key",
    "bad_date",
    "bad_number",
    "bad_boolean",
    "unknown_value",
    "unknown_reference",
    "negative_price",
    "bad_quantity",
    "bad_range",
    "ragged_row",
    "bad_encoding",
    "bad_text",
)
