"""What Affinity loads: files, columns, order. Contract section 4, declared once."""

from dataclasses import dataclass
from typing import NamedTuple


class OutColumn(NamedTuple):
    """One column of an outgoing file: its default header, and the frozen column it is made of."""

    header: str
    source: str
    sorted_by: bool = False
    pattern: str | None = None
    required: bool = False


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


_C = OutColumn
_KEY = r"^[0-9a-f]{32}$"
_PRINTED = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$"

CLIS = OutFile(
    stem="06_clis",
    name="clis",
    columns=(
        _C("Customer Ref", "customer_ref", True, _PRINTED, True),
        _C("Site Ref", "site_ref", True, _PRINTED, True),
        _C("CLI", "cli", True, _PRINTED, True),
        _C("Action", "action", pattern=r"^(?:ADD|UPDATE|CEASE)$", required=True),
        _C("CLI Type", "cli_type", pattern=r"^(?:geographic|non-geographic|mobile|other)$"),
        _C("Range End", "range_end"),
        _C("Start Date", "start_on", required=True),
        _C("End Date", "end_on"),
        _C("Previous CLI", "previous_cli"),
        _C("Layer Asset ID", "asset_id"),
        _C("Row Key", "row_key", pattern=_KEY, required=True),
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
        _C("Charge Type", "charge_type", pattern=r"^(?:UPFRONT|RECURRING)$", required=True),
        _C("Cease Date", "cease_on", required=True),
        _C("Cease Reason", "cease_reason", pattern=_PRINTED, required=True),
        _C("Replaced By Row Key", "replaced_by", pattern=_KEY),
        _C("Layer Asset ID", "asset_id", True),
        _C("Row Key", "row_key", pattern=_KEY, required=True),
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
        _C("Charge Type", "charge_type", True, r"^(?:UPFRONT|RECURRING)$", True),
        _C("Action", "action", pattern=r"^(?:ADD|UPDATE)$", required=True),
        _C("Description", "product_name", pattern=_PRINTED, required=True),
        _C("Quantity", "quantity", pattern=r"^[1-9][0-9]*$", required=True),
        _C("Unit Price", "unit_price", pattern=r"^[0-9]+(?:\.[0-9]{1,4})?$", required=True),
        _C(
            "Frequency",
            "frequency",
            pattern=r"^(?:ONE_OFF|MONTHLY|QUARTERLY|ANNUAL)$",
            required=True,
        ),
        _C("Bill Start Date", "bill_start_on", required=True),
        _C("Bill End Date", "bill_end_on"),
        _C("Term Months", "term_months", pattern=r"^[1-9][0-9]*$"),
        _C("Order Ref", "order_ref", pattern=_PRINTED, required=True),
        _C("PO Ref", "po_ref"),
        _C("Layer Line ID", "line_id", True, _PRINTED, True),
        _C("Layer Asset ID", "asset_id"),
        _C("Row Key", "row_key", pattern=_KEY, required=True),
    ),
)

LOAD_ORDER = (CLIS, CEASES, PRODUCTS)
"""A row may only point at rows of files before its own."""

RESULT_COLUMNS = ("row_key", "outcome", "code", "message")
"""The columns of an upload result; `outcome` is accepted or rejected."""

LAYER_UPDATES = ("line_id", "charge_type", "new_status", "bill_start_on", "batch_seq")
"""The columns of the write-back file for The Layer."""
