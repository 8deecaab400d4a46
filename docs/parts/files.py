"""The files a batch holds, from `schemas/affinity.py`."""

from collections.abc import Mapping

from docs.parts.markdown import code, table
from schemas.affinity import (
    ADDRESSES,
    CEASES,
    CLIS,
    CONTACTS,
    CUSTOMERS,
    LAYER_UPDATES,
    NEW_PRODUCTS,
    PRODUCTS,
    RESULT_COLUMNS,
    SITES,
    OutFile,
)

_ABOUT = {
    "customer_ref": "The customer's reference in Affinity: `customers.integration_id`.",
    "site_ref": "The site's reference in Affinity.",
    "cli": "The CLI, cleaned, in national form where it is a UK number.",
    "range_end": "The last number of a range, else blank.",
    "start_on": "First day.",
    "end_on": "Last day of an additional number, or of a CEASE, else blank.",
    "previous_cli": "Blank for now; for renumbering, which comes later.",
    "object_uid": "What Affinity calls the charge, where we know it.",
    "cease_on": "The day it ends on. In an undo that is its bill start, so that nothing stands.",
    "cease_reason": "Why, in plain words: `Undo of batch 3`.",
    "replaced_by": "The row key of what follows it; blank in an undo.",
    "asset_id": "The asset in The Layer.",
    "row_key": "32 hexadecimal digits; see [row keys](#row-keys).",
    "sku": "Affinity's product code: the SKU.",
    "product_name": "The product's name, as the bill calls it.",
    "quantity": "The line's quantity.",
    "unit_price": "Ex VAT, four decimals.",
    "bill_start_on": "The first day billed.",
    "bill_end_on": "The last day billed, or blank; see below.",
    "term_months": "The line's contract term; blank when there is none.",
    "order_ref": "The order's number.",
    "po_ref": "The customer's purchase order.",
    "line_id": "The order line in The Layer.",
    "charge_type": "UPFRONT or RECURRING.",
    "frequency": "ONE_OFF, MONTHLY, QUARTERLY or ANNUAL.",
    "cli_type": "geographic, non-geographic, mobile or other.",
    "action": "ADD; for a CLI also CEASE (an undo ends it) and UPDATE (it is opened again).",
}

_ENTITY_ABOUT = {
    "customer_ref": "The customer's reference in Affinity; blank while it has none.",
    "site_ref": "The site's reference in Affinity; blank in an ADD.",
    "customer_id": "The Layer's id of the customer.",
    "site_id": "The Layer's id of the site.",
    "parent_site_id": "The Layer's id of the site it belongs to.",
    "address_id": "The Layer's id of the address.",
    "contact_id": "The Layer's id of the contact.",
    "product_id": "The Layer's id of the catalogue item.",
    "site_reference": "The site's own reference: `sites.site_ref`.",
    "is_billing_site": "true or false: `sites.is_default`.",
    "status": "Pending, Live or Cancelled; an UPDATE to Cancelled deactivates.",
    "item_type": "Service or Product.",
    "upfront_price": "The catalogue's price, ex VAT, four decimals.",
    "recurring_price": "The catalogue's price, ex VAT, four decimals.",
    "billing_frequency": "Monthly, Quarterly or Annual.",
    "action": "ADD or UPDATE.",
    "row_key": _ABOUT["row_key"],
}
"""What files 01 to 05 hold besides what they take from the feed as it is."""

_FEEDS = {NEW_PRODUCTS.name: "products"}
"""The feed of a file, where the two have different names."""

_RESULT = {
    "row_key": "The key of the row it answers.",
    "outcome": "accepted or rejected, in any case.",
    "code": "Why it was rejected, as Affinity numbers it. May be left out.",
    "message": "Why, in Affinity's words; of what it created, its reference. May be left out.",
    "ref": "What Affinity calls the customer or site the row created. May be left out.",
}

_UPDATES = {
    "line_id": "The order line.",
    "charge_type": "upfront or recurring.",
    "new_status": "In Billing; Not Billed for what an undo took back.",
    "bill_start_on": "The first day billed, `YYYY-MM-DD`.",
    "batch_seq": "The batch.",
}


def customers() -> str:
    """Columns of `01_customers.csv`."""
    return _entity_columns(CUSTOMERS)


def sites() -> str:
    """Columns of `02_sites.csv`."""
    return _entity_columns(SITES)


def addresses() -> str:
    """Columns of `03_addresses.csv`."""
    return _entity_columns(ADDRESSES)


def contacts() -> str:
    """Columns of `04_contacts.csv`."""
    return _entity_columns(CONTACTS)


def new_products() -> str:
    """Columns of `05_new_products.csv`."""
    return _entity_columns(NEW_PRODUCTS)


def clis() -> str:
    """Columns of `06_clis.csv`."""
    return _columns(CLIS)


def ceases() -> str:
    """Columns of `07_ceases.csv`."""
    return _columns(CEASES)


def products() -> str:
    """Columns of `08_products.csv`."""
    return _columns(PRODUCTS)


def _entity_columns(file: OutFile) -> str:
    feed = _FEEDS.get(file.name, file.name)
    from_feed = {
        column.source: f"{code(f'{feed}.{column.source}')}, as it is." for column in file.columns
    }
    return _columns(file, {**from_feed, **_ENTITY_ABOUT})


def _columns(file: OutFile, about: Mapping[str, str] = _ABOUT) -> str:
    order = {column.header: n for n, column in enumerate(_sorted(file), start=1)}
    return table(
        ("column", "always filled", "sorted", "what it holds"),
        (
            (
                column.header,
                "yes" if column.required else "",
                order.get(column.header, ""),
                about[column.source],
            )
            for column in file.columns
        ),
    )


def _sorted(file: OutFile) -> list[object]:
    return [column for column in file.columns if column.sorted_by]


def results() -> str:
    """Columns of an upload result."""
    return table(
        ("column", "what it holds"), ((code(name), _RESULT[name]) for name in RESULT_COLUMNS)
    )


def layer_updates() -> str:
    """Columns of the write-back file."""
    return table(
        ("column", "what it holds"), ((code(name), _UPDATES[name]) for name in LAYER_UPDATES)
    )
