"""What Affinity loads: files, columns, order. Contract section 4, declared once."""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple


class OutColumn(NamedTuple):
    """One column of an outgoing file: its default header, and the frozen column it is made of.

    `is_text`: what others have worded, of any length and in any letters. The rest are of a fixed
    form: numbers, days, keys, and words of our own.
    """

    header: str
    source: str
    sorted_by: bool = False
    pattern: str | None = None
    required: bool = False
    is_text: bool = True


@dataclass(frozen=True)
class OutFile:
    """One outgoing file. `stem` sorts in load order; `name` is what the profile calls it."""

    stem: str
    name: str
    columns: tuple[OutColumn, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """Default header texts, in order."""
        return tuple(column.header for column in self.columns)

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """(default header, frozen column) of what the file says in words of others, in order."""
        return tuple((column.header, column.source) for column in self.columns if column.is_text)


_C = OutColumn
_F = partial(OutColumn, is_text=False)
_KEY = r"^[0-9a-f]{32}$"
_PRINTED = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$"

_ENTITY_ACTION = r"^(?:ADD|UPDATE)$"

CUSTOMERS = OutFile(
    stem="01_customers",
    name="customers",
    columns=(
        _C("Customer Ref", "customer_ref"),
        _C("Layer Customer ID", "customer_id", True, _PRINTED, True),
        _C("Name", "name", pattern=_PRINTED, required=True),
        _C("Registered Name", "registered_name"),
        _F("Status", "status", pattern=r"^(?:Pending|Live|Cancelled)$", required=True),
        _C("VAT Number", "vat_number"),
        _C("Email", "email"),
        _C("Telephone", "telephone"),
        _C("Bill Run", "bill_run"),
        _C("Payment Terms", "payment_terms"),
        _C("Payment Method", "payment_method"),
        _F("Action", "action", pattern=_ENTITY_ACTION, required=True),
        _F("Row Key", "row_key", pattern=_KEY, required=True),
    ),
)

SITES = OutFile(
    stem="02_sites",
    name="sites",
    columns=(
        _C("Site Ref", "site_ref"),
        _C("Layer Site ID", "site_id", True, _PRINTED, True),
        _C("Customer Ref", "customer_ref"),
        _C("Layer Customer ID", "customer_id", pattern=_PRINTED, required=True),
        _C("Parent Layer Site ID", "parent_site_id"),
        _C("Name", "name", pattern=_PRINTED, required=True),
        _C("Site Reference", "site_reference"),
        _F("Is Billing Site", "is_billing_site", pattern=r"^(?:true|false)$", required=True),
        _F("Action", "action", pattern=_ENTITY_ACTION, required=True),
        _F("Row Key", "row_key", pattern=_KEY, required=True),
    ),
)

ADDRESSES = OutFile(
    stem="03_addresses",
    name="addresses",
    columns=(
        _C("Layer Address ID", "address_id", True, _PRINTED, True),
        _C("Layer Customer ID", "customer_id", pattern=_PRINTED, required=True),
        _C("Layer Site ID", "site_id"),
        _C("Address Type", "address_type"),
        _C("Line 1", "line1", pattern=_PRINTED, required=True),
        _C("Line 2", "line2"),
        _C("Line 3", "line3"),
        _C("Town", "town"),
        _C("County", "county"),
        _C("Postcode", "postcode", pattern=_PRINTED, required=True),
        _C("Country", "country"),
        _F("Action", "action", pattern=_ENTITY_ACTION, required=True),
        _F("Row Key", "row_key", pattern=_KEY, required=True),
    ),
)

CONTACTS = OutFile(
    stem="04_contacts",
    name="contacts",
    columns=(
        _C("Layer Contact ID", "contact_id", True, _PRINTED, True),
        _C("Layer Customer ID", "customer_id", pattern=_PRINTED, required=True),
        _C("Layer Site ID", "site_id"),
        _C("First Name", "first_name"),
        _C("Last Name", "last_name", pattern=_PRINTED, required=True),
        _C("Role", "role"),
        _C("Email", "email"),
        _C("Telephone", "telephone"),
        _F("Action", "action", pattern=_ENTITY_ACTION, required=True),
        _F("Row Key", "row_key", pattern=_KEY, required=True),
    ),
)

NEW_PRODUCTS = OutFile(
    stem="05_new_products",
    name="new_products",
    columns=(
        _C("Layer Product ID", "product_id", True, _PRINTED, True),
        _C("Name", "name", pattern=_PRINTED, required=True),
        _C("Base Category", "base_category"),
        _F("Item Type", "item_type", pattern=r"^(?:Service|Product)$", required=True),
        _F("Up-front Price", "upfront_price"),
        _F("Recurring Price", "recurring_price"),
        _F("Frequency", "billing_frequency", pattern=r"^(?:MONTHLY|QUARTERLY|ANNUAL)$"),
        _F("Row Key", "row_key", pattern=_KEY, required=True),
    ),
)

CLIS = OutFile(
    stem="06_clis",
    name="clis",
    columns=(
        _C("Customer Ref", "customer_ref", True, _PRINTED, True),
        _C("Site Ref", "site_ref", True, _PRINTED, True),
        _C("CLI", "cli", True, _PRINTED, True),
        _F("Action", "action", pattern=r"^(?:ADD|UPDATE|CEASE)$", required=True),
        _F("CLI Type", "cli_type", pattern=r"^(?:geographic|non-geographic|mobile|other)$"),
        _C("Range End", "range_end"),
        _F("Start Date", "start_on", required=True),
        _F("End Date", "end_on"),
        _C("Previous CLI", "previous_cli"),
        _C("Layer Asset ID", "asset_id"),
        _F("Row Key", "row_key", pattern=_KEY, required=True),
    ),
)

CEASES = OutFile(
    stem="07_ceases",
    name="ceases",
    columns=(
        _C("Customer Ref", "customer_ref", True, _PRINTED, True),
        _C("Site Ref", "site_ref", True, _PRINTED, True),
        _C("CLI", "cli", True),
        _C("Product Code", "sku", True, _PRINTED, True),
        _C("Object UID", "object_uid"),
        _F("Charge Type", "charge_type", pattern=r"^(?:UPFRONT|RECURRING)$", required=True),
        _F("Cease Date", "cease_on", required=True),
        _C("Cease Reason", "cease_reason", pattern=_PRINTED, required=True),
        _F("Replaced By Row Key", "replaced_by", pattern=_KEY),
        _C("Layer Asset ID", "asset_id", True),
        _F("Row Key", "row_key", pattern=_KEY, required=True),
    ),
)

PRODUCTS = OutFile(
    stem="08_products",
    name="products",
    columns=(
        _C("Customer Ref", "customer_ref", True, _PRINTED, True),
        _C("Site Ref", "site_ref", True, _PRINTED, True),
        _C("CLI", "cli", True),
        _C("Product Code", "sku", True, _PRINTED, True),
        _F("Charge Type", "charge_type", True, r"^(?:UPFRONT|RECURRING)$", True),
        _F("Action", "action", pattern=r"^(?:ADD|UPDATE)$", required=True),
        _C("Description", "product_name", pattern=_PRINTED, required=True),
        _F("Quantity", "quantity", pattern=r"^[1-9][0-9]*$", required=True),
        _F("Unit Price", "unit_price", pattern=r"^[0-9]+(?:\.[0-9]{1,4})?$", required=True),
        _F(
            "Frequency",
            "frequency",
            pattern=r"^(?:ONE_OFF|MONTHLY|QUARTERLY|ANNUAL)$",
            required=True,
        ),
        _F("Bill Start Date", "bill_start_on", required=True),
        _F("Bill End Date", "bill_end_on"),
        _F("Term Months", "term_months", pattern=r"^[1-9][0-9]*$"),
        _C("Order Ref", "order_ref", pattern=_PRINTED, required=True),
        _C("PO Ref", "po_ref"),
        _C("Layer Line ID", "line_id", True, _PRINTED, True),
        _C("Layer Asset ID", "asset_id"),
        _F("Row Key", "row_key", pattern=_KEY, required=True),
    ),
)

ENTITY_FILES = (CUSTOMERS, SITES, ADDRESSES, CONTACTS, NEW_PRODUCTS)
"""What a batch says of the customer and the catalogue, before it says what they are billed."""

LOAD_ORDER = (*ENTITY_FILES, CLIS, CEASES, PRODUCTS)
"""A row may only point at rows of files before its own."""

RESULT_COLUMNS = ("row_key", "outcome", "code", "message", "ref")
"""The columns of an upload result; `outcome` is accepted or rejected.

`code`, `message` and `ref` may be left out; `ref` is what Affinity calls what the row created.
"""

LAYER_UPDATES = ("line_id", "charge_type", "new_status", "bill_start_on", "batch_seq")
"""The columns of the write-back file for The Layer."""
