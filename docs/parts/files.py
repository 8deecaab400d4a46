"""The files a batch holds, from `schemas/affinity.py`."""

from docs.parts.markdown import code, table
from schemas.affinity import CEASES, CLIS, LAYER_UPDATES, PRODUCTS, RESULT_COLUMNS, OutFile

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

_RESULT = {
    "row_key": "The key of the row it answers.",
    "outcome": "accepted or rejected, in any case.",
    "code": "Why it was rejected, as Affinity numbers it. May be left out.",
    "message": "Why, in Affinity's words. May be left out.",
}

_UPDATES = {
    "line_id": "The order line.",
    "charge_type": "upfront or recurring.",
    "new_status": "In Billing; Not Billed for what an undo took back.",
    "bill_start_on": "The first day billed, `YYYY-MM-DD`.",
    "batch_seq": "The batch.",
}


def clis() -> str:
    """Columns of `06_clis.csv`."""
    return _columns(CLIS)


def ceases() -> str:
    """Columns of `07_ceases.csv`."""
    return _columns(CEASES)


def products() -> str:
    """Columns of `08_products.csv`."""
    return _columns(PRODUCTS)


def _columns(file: OutFile) -> str:
    order = {column.header: n for n, column in enumerate(_sorted(file), start=1)}
    return table(
        ("column", "always filled", "sorted", "what it holds"),
        (
            (
                column.header,
                "yes" if column.required else "",
                order.get(column.header, ""),
                _ABOUT[column.source],
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
