"""The feeds of The Layer and Affinity that come in: contract section 2, declared once.

Everything else about feeds (types, parsers, tables, checks, the reference) derives from `FEEDS`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from schemas.vocabulary import (
    Action,
    BillStatus,
    ChargeType,
    CustomerStatus,
    Frequency,
    ItemType,
)


class Kind(Enum):
    """What a cell must be. `QUANTITY` is a whole number of at least 1."""

    TEXT = "text"
    DATE = "date"
    MONEY = "money"
    INTEGER = "integer"
    QUANTITY = "quantity"
    BOOLEAN = "boolean"
    CHOICE = "choice"


@dataclass(frozen=True)
class Column:
    """One column of a feed. A key column is always required."""

    name: str
    kind: Kind
    about: str
    key: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    references: str | None = None
    label: str = ""
    """What the contract calls the column, where that is not its name here."""

    @property
    def shown(self) -> str:
        """The column's name as rejects and messages show it."""
        return self.label or self.name

    @property
    def must_have_value(self) -> bool:
        """True when a blank cell is a reject."""
        return self.key or self.required


@dataclass(frozen=True)
class Feed:
    """One feed: its columns in contract order; grain is one record per key (if it has one)."""

    name: str
    about: str
    columns: tuple[Column, ...]
    required: bool = False
    by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the columns by name."""
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})

    @property
    def keys(self) -> tuple[str, ...]:
        """The key columns, in contract order; empty for a feed without a key."""
        return tuple(column.name for column in self.columns if column.key)


# How columns are declared below: `*` required value, `!` key, then the kind's letter.
_KINDS = {
    "s": Kind.TEXT,
    "d": Kind.DATE,
    "m": Kind.MONEY,
    "i": Kind.INTEGER,
    "q": Kind.QUANTITY,
    "b": Kind.BOOLEAN,
    "e": Kind.CHOICE,
}


def _column(
    name: str,
    marks: str,
    about: str,
    *,
    choices: type[Enum] | None = None,
    aliases: tuple[str, ...] = (),
    references: str | None = None,
    label: str = "",
) -> Column:
    return Column(
        name=name,
        kind=_KINDS[marks[-1]],
        about=about,
        key="!" in marks,
        required="*" in marks,
        choices=tuple(str(member.value) for member in choices) if choices else (),
        aliases=aliases,
        references=references,
        label=label,
    )


_MODIFIED = _column("modified_at", "s", "When The Layer last changed the record, as it writes it.")
_DELETED = _column("is_deleted", "b", "True: the record is gone, whatever else it says.")
_CLI_ALIASES = ("CTN", "MSISDN", "Billing ID", "MPN")


def _feed(name: str, about: str, *columns: Column, required: bool = False) -> Feed:
    return Feed(name=name, about=about, columns=(*columns, _DELETED), required=required)


_c = _column

_ALL = (
    _feed(
        "customers",
        "Companies The Layer supplies.",
        _c("customer_id", "!s", "The Layer's id of the customer."),
        _c("name", "*s", "The customer's name."),
        _c("registered_name", "s", "The name at Companies House, where it differs."),
        _c("status", "*e", "Pending, Live or Cancelled.", choices=CustomerStatus),
        _c("integration_id", "s", "The customer's reference in Affinity; blank = not linked yet."),
        _c("vat_number", "s", "VAT registration."),
        _c("email", "s", "Billing e-mail address."),
        _c("telephone", "s", "Switchboard."),
        _c("bill_run", "s", "The bill run the customer belongs to."),
        _c("payment_terms", "s", "Terms of payment."),
        _c("payment_method", "s", "How the customer pays."),
        _MODIFIED,
        required=True,
    ),
    _feed(
        "sites",
        "Locations of customers; a subsite has a parent.",
        _c("site_id", "!s", "The Layer's id of the site."),
        _c("customer_id", "*s", "The customer it belongs to.", references="customers"),
        _c("parent_site_id", "s", "The site above it; not checked, a warning."),
        _c("name", "*s", "The site's name."),
        _c("site_ref", "s", "The customer's own reference of the site."),
        _c("is_default", "b", "True for the customer's billing or head office site."),
        _c(
            "integration_id",
            "s",
            "The site's reference in Affinity; blank = not linked here.",
            aliases=("Site Integration ID",),
        ),
        _MODIFIED,
        required=True,
    ),
    _feed(
        "addresses",
        "Postal addresses of customers and sites.",
        _c("address_id", "!s", "The Layer's id of the address."),
        _c("customer_id", "*s", "Whose address it is.", references="customers"),
        _c("site_id", "s", "The site it is of.", references="sites"),
        _c("address_type", "s", "Billing, delivery and so on."),
        _c("line1", "*s", "First line."),
        _c("line2", "s", "Second line."),
        _c("line3", "s", "Third line."),
        _c("town", "s", "Post town."),
        _c("county", "s", "County."),
        _c("postcode", "*s", "Postcode."),
        _c("country", "s", "Country."),
        _MODIFIED,
    ),
    _feed(
        "contacts",
        "People at customers and sites.",
        _c("contact_id", "!s", "The Layer's id of the contact."),
        _c("customer_id", "*s", "The customer they work for.", references="customers"),
        _c("site_id", "s", "The site they are at.", references="sites"),
        _c("first_name", "s", "First name."),
        _c("last_name", "*s", "Last name."),
        _c("role", "s", "Billing, technical and so on."),
        _c("email", "s", "E-mail address."),
        _c("telephone", "s", "Telephone."),
        _MODIFIED,
    ),
    _feed(
        "billing_platforms",
        "Names of the billing platforms known to The Layer.",
        _c("name", "!s", "The platform's name, as routes spell it."),
    ),
    _feed(
        "products",
        "The price book: what can be sold.",
        _c("product_id", "!s", "The Layer's id of the catalogue item."),
        _c("name", "*s", "What the bill calls it."),
        _c("base_category", "s", "Top catalogue family; decides how its CLIs are read."),
        _c("item_type", "*e", "Service or Product.", choices=ItemType),
        _c(
            "external_sku",
            "s",
            "Affinity's product code.",
            aliases=("SKU", "Affinity Product Code"),
        ),
        _c("external_sku_recurring", "s", "Affinity's code of the recurring charge, if another."),
        _c("upfront_billing_route", "s", "Where the up-front charge is billed by default."),
        _c("recurring_billing_route", "s", "Where the recurring charge is billed by default."),
        _c("upfront_price", "m", "Up-front unit price, ex VAT."),
        _c("recurring_price", "m", "Recurring unit price, ex VAT."),
        _c("billing_frequency", "e", "How often it recurs by default.", choices=Frequency),
        _c("needs_cli", "b", "True: it cannot be billed without a CLI."),
        _c("fixed_billing", "b", "True: billing ends with the term."),
        _c("is_custom", "b", "True: made while quoting; Affinity may not know it yet."),
        _MODIFIED,
        required=True,
    ),
    _feed(
        "orders",
        "Sales orders.",
        _c("order_id", "!s", "The Layer's id of the order."),
        _c("order_ref", "*s", "The number people know the order by."),
        _c("customer_id", "*s", "Who ordered.", references="customers"),
        _c("site_id", "s", "Where for, unless a line says otherwise.", references="sites"),
        _c("status", "*s", "The order's status; Cancelled bills nothing."),
        _c("po_ref", "s", "The customer's purchase order."),
        _c("created_on", "d", "The day the order was made."),
        _MODIFIED,
        required=True,
    ),
    _feed(
        "order_lines",
        "Lines of sales orders: where charges come from.",
        _c("line_id", "!s", "The Layer's id of the line."),
        _c("order_id", "*s", "The order it belongs to.", references="orders"),
        _c("product_id", "*s", "What was sold.", references="products"),
        _c("site_id", "s", "Where for; blank = the order's site.", references="sites"),
        _c("asset_id", "s", "The asset the line became; set once converted."),
        _c("converted_on", "d", "The day it was converted to an asset."),
        _c("action", "e", "New (blank means New), Update or New & Cease.", choices=Action),
        _c("target_asset_id", "s", "The asset an Update or New & Cease acts on."),
        _c("quantity", "*q", "How many: a whole number of at least 1."),
        _c("upfront_price", "m", "Up-front unit price, ex VAT; blank = the product's."),
        _c("recurring_price", "m", "Recurring unit price, ex VAT; blank = the product's."),
        _c("billing_frequency", "e", "How often; blank = the product's.", choices=Frequency),
        _c("upfront_billing_route", "s", "Where the up-front charge is billed."),
        _c("recurring_billing_route", "s", "Where the recurring charge is billed."),
        _c(
            "upfront_bill_status",
            "e",
            "The Layer's bill status of the up-front charge.",
            choices=BillStatus,
        ),
        _c(
            "recurring_bill_status",
            "e",
            "The Layer's bill status of the recurring charge.",
            choices=BillStatus,
        ),
        _c(
            "bill_start_override",
            "d",
            "The bill start a person set; wins over every other date.",
            aliases=("Bill Start Override", "Billing Start Date Override"),
        ),
        _c("upfront_do_not_bill", "b", "True: the up-front charge is not billed."),
        _c("recurring_do_not_bill", "b", "True: the recurring charge is not billed."),
        _c("do_not_bill_reason", "s", "Why not."),
        _c("cli", "s", "The number, or other reference, usage is billed on.", aliases=_CLI_ALIASES),
        _c(
            "connected_on",
            "d",
            "The day the service was connected: a Service's second trigger.",
            aliases=("Connected Date",),
        ),
        _c(
            "issued_on",
            "d",
            "The day the goods were issued: a Product's second trigger.",
            aliases=("Issue Date",),
        ),
        _c("term_months", "i", "Contract term in months; below 1 = none."),
        _c("parent_line_id", "s", "The line it hangs on."),
        _MODIFIED,
        required=True,
    ),
    _feed(
        "assets",
        "What customers hold: converted order lines.",
        _c("asset_id", "!s", "The Layer's id of the asset."),
        _c("line_id", "s", "The order line it came from; not checked, a warning."),
        _c("customer_id", "*s", "Who holds it.", references="customers"),
        _c("site_id", "s", "Where it is.", references="sites"),
        _c("product_id", "*s", "What it is.", references="products"),
        _c("cli", "s", "The number, or other reference, usage is billed on.", aliases=_CLI_ALIASES),
        _c("is_live", "*b", "True while the customer has it.", aliases=("Live",)),
        _c("connection_on", "d", "The day it was connected.", aliases=("Connection Date",)),
        _c("expiry_on", "d", "A renewal marker; never ends billing.", aliases=("Expiry Date",)),
        _c("cease_on", "d", "The last day it is billed.", aliases=("Cease Date",)),
        _c("cease_reason", "s", "Why it ceased."),
        _c("quantity", "q", "How many: a whole number of at least 1."),
        _c("recurring_price", "m", "Recurring unit price, ex VAT; serves change detection."),
        _c("upfront_billing_route", "s", "Overrides the line's up-front route when set."),
        _c("recurring_billing_route", "s", "Overrides the line's recurring route when set."),
        _c("do_not_bill", "b", "True: neither charge is billed."),
        _c("parent_asset_id", "s", "The asset it hangs on; not checked, a warning."),
        _c("object_uid", "s", "Affinity's id of the site product."),
        _c("is_auto_renew", "b", "True: it renews by itself."),
        _MODIFIED,
        required=True,
    ),
    _feed(
        "asset_numbers",
        "Additional numbers and ranges of assets.",
        _c("asset_id", "!s", "The asset they belong to.", references="assets"),
        _c(
            "cli",
            "!s",
            "The number, or the first of the range.",
            aliases=("DDI Range Start", "DDR Range Start"),
        ),
        _c("range_end", "s", "The last number of the range.", aliases=("DDI Range End",)),
        _c("start_on", "d", "First day; blank = the CLI's start."),
        _c("end_on", "d", "Last day."),
    ),
    _feed(
        "quotation_lines",
        "Lines of quotations; kept for the history of a CLI.",
        _c("quotation_line_id", "!s", "The Layer's id of the quotation line."),
        _c("quotation_ref", "s", "The quotation's number."),
        _c("customer_id", "s", "Who was quoted; not checked, a warning."),
        _c("line_id", "s", "The order line it became; not checked, a warning."),
        _c("product_id", "*s", "What was quoted; not checked, a warning."),
        _c("cli", "s", "The CLI as quoted.", aliases=_CLI_ALIASES),
        _MODIFIED,
    ),
    _feed(
        "application_links",
        "The Layer's links between its records and Affinity's.",
        _c("application_name", "!s", "The platform's name."),
        _c("entity_type", "!i", "What is linked; 19 = site."),
        _c("entity_id", "!s", "The Layer's id of the record."),
        _c("integration_id", "*s", "Affinity's reference of it."),
    ),
    _feed(
        "affinity_products",
        "Affinity's catalogue.",
        _c("product_code", "!s", "The SKU; case matters."),
        _c("name", "s", "Affinity's name of it."),
        _c("is_active", "b", "False: it can no longer be billed; blank = active."),
        _c("price", "m", "Affinity's list price, ex VAT."),
    ),
    _feed(
        "affinity_clis",
        "The CLIs live in Affinity.",
        _c("site_ref", "*s", "Affinity's site reference."),
        _c("cli", "*s", "The CLI."),
        _c("start_on", "d", "First day."),
        _c("end_on", "d", "Last day; blank = open."),
    ),
    _feed(
        "affinity_site_products",
        "What Affinity bills today.",
        _c("object_uid", "!s", "Affinity's id of the site product."),
        _c("site_ref", "*s", "Affinity's site reference."),
        _c("cli", "s", "The CLI it is billed on."),
        _c("product_code", "*s", "The SKU."),
        _c("charge_type", "e", "upfront or recurring.", choices=ChargeType),
        _c("quantity", "q", "How many."),
        _c("unit_price", "m", "Unit price, ex VAT."),
        _c("start_on", "d", "First billed day."),
        _c("end_on", "d", "Last billed day; blank = open."),
        _c("row_key", "s", "Our key of the row, where it came from us."),
    ),
    _feed(
        "affinity_cease_requests",
        "Ceases Affinity has been told of.",
        _c(
            "object_uid",
            "s",
            "Affinity's id of the site product.",
            aliases=("OBJECTUID",),
            label="OBJECTUID",
        ),
        _c(
            "completed_on",
            "d",
            "The day it ceases.",
            aliases=("Completed On",),
            label="Completed On",
        ),
    ),
)

FEEDS: Mapping[str, Feed] = {feed.name: feed for feed in _ALL}

READING_ORDER = (
    "customers",
    "sites",
    "products",
    "orders",
    "order_lines",
    "assets",
    *(
        name
        for name in FEEDS
        if name not in {"customers", "sites", "products", "orders", "order_lines", "assets"}
    ),
)
"""Parents before children, so that a rejected parent rejects its children."""

SITE_ENTITY_TYPE = 19
"""The Layer's number for sites in `application_links.entity_type`."""

_IGNORED_IN_LABELS = re.compile(r"[\s_\-]+")


def label_key(label: str) -> str:
    """What two spellings of one column name have in common: no case, space, hyphen, underscore."""
    return _IGNORED_IN_LABELS.sub("", label).casefold()


def meanings(feed: Feed, extra_labels: Mapping[str, str]) -> dict[str, str]:
    """Which column of `feed` a label means: `label_key` of the label -> the column's name.

    `extra_labels` are the profile's own: label -> column; they win over the contract's.
    """
    found = {
        label_key(label): column.name
        for column in feed.columns
        for label in (column.name, *column.aliases)
    }
    found.update(
        (label_key(label), name) for label, name in extra_labels.items() if name in feed.by_name
    )
    return found
