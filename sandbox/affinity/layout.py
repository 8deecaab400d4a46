"""The files Affinity takes, as the contract lays them out: names, order, columns, enumerations.

The default layout only; dates are dd/mm/yyyy, amounts plain decimals with at most four places.
"""

import re
from dataclasses import dataclass, field
from typing import Final

ROW_KEY: Final = "Row Key"
_ENTITY_ACTIONS: Final = frozenset({"ADD", "UPDATE"})
_NO_FIELDS: Final = frozenset({"Customer Ref", "Site Ref", "Action", ROW_KEY})
_CHARGE_TYPES: Final = frozenset({"UPFRONT", "RECURRING"})
_NAME: Final = re.compile(r"(?P<stem>\d\d_[a-z_]+?)(?:_(?P<part>\d+))?\.csv")


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of file; every column must be there, in this order, under these names."""

    stem: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    allowed: dict[str, frozenset[str]] = field(default_factory=dict)
    dates: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    after: tuple[str, ...] = ()  # files of the same batch that must be loaded before

    @property
    def kind(self) -> str:
        """The stem without its number: `clis`, `products`."""
        return self.stem[3:]

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns that say what the record is: all but Affinity's refs, action and key."""
        return tuple(column for column in self.columns if column not in _NO_FIELDS)


LAYOUTS: Final = {
    layout.stem: layout
    for layout in (
        Layout(
            "01_customers",
            (
                "Customer Ref",
                "Layer Customer ID",
                "Name",
                "Registered Name",
                "Status",
                "VAT Number",
                "Email",
                "Telephone",
                "Bill Run",
                "Payment Terms",
                "Payment Method",
                "Action",
                ROW_KEY,
            ),
            required=("Layer Customer ID", "Name", "Action"),
            allowed={"Action": _ENTITY_ACTIONS},
        ),
        Layout(
            "02_sites",
            (
                "Site Ref",
                "Layer Site ID",
                "Customer Ref",
                "Layer Customer ID",
                "Parent Layer Site ID",
                "Name",
                "Site Reference",
                "Is Billing Site",
                "Action",
                ROW_KEY,
            ),
            required=("Layer Site ID", "Layer Customer ID", "Name", "Action"),
            allowed={"Action": _ENTITY_ACTIONS},
        ),
        Layout(
            "03_addresses",
            (
                "Layer Address ID",
                "Layer Customer ID",
                "Layer Site ID",
                "Address Type",
                "Line 1",
                "Line 2",
                "Line 3",
                "Town",
                "County",
                "Postcode",
                "Country",
                "Action",
                ROW_KEY,
            ),
            required=("Layer Address ID", "Layer Customer ID", "Line 1", "Postcode", "Action"),
            allowed={"Action": _ENTITY_ACTIONS},
        ),
        Layout(
            "04_contacts",
            (
                "Layer Contact ID",
                "Layer Customer ID",
                "Layer Site ID",
                "First Name",
                "Last Name",
                "Role",
                "Email",
                "Telephone",
                "Action",
                ROW_KEY,
            ),
            required=("Layer Contact ID", "Layer Customer ID", "Last Name", "Action"),
            allowed={"Action": _ENTITY_ACTIONS},
        ),
        Layout(
            "05_new_products",
            (
                "Layer Product ID",
                "Name",
                "Base Category",
                "Item Type",
                "Up-front Price",
                "Recurring Price",
                "Frequency",
                ROW_KEY,
            ),
            required=("Layer Product ID", "Name"),
            amounts=("Up-front Price", "Recurring Price"),
        ),
        Layout(
            "06_clis",
            (
                "Customer Ref",
                "Site Ref",
                "CLI",
                "Action",
                "CLI Type",
                "Range End",
                "Start Date",
                "End Date",
                "Previous CLI",
                "Layer Asset ID",
                ROW_KEY,
            ),
            required=("Customer Ref", "Site Ref", "CLI", "Action", "Start Date"),
            allowed={
                "Action": frozenset({"ADD", "UPDATE", "CEASE"}),
                "CLI Type": frozenset({"geographic", "non-geographic", "mobile", "other", ""}),
            },
            dates=("Start Date", "End Date"),
        ),
        Layout(
            "07_ceases",
            (
                "Customer Ref",
                "Site Ref",
                "CLI",
                "Product Code",
                "Object UID",
                "Charge Type",
                "Cease Date",
                "Cease Reason",
                "Replaced By Row Key",
                "Layer Asset ID",
                ROW_KEY,
            ),
            required=("Customer Ref", "Site Ref", "Charge Type", "Cease Date"),
            allowed={"Charge Type": _CHARGE_TYPES},
            dates=("Cease Date",),
        ),
        Layout(
            "08_products",
            (
                "Customer Ref",
                "Site Ref",
                "CLI",
                "Product Code",
                "Charge Type",
                "Action",
                "Description",
                "Quantity",
                "Unit Price",
                "Frequency",
                "Bill Start Date",
                "Bill End Date",
                "Term Months",
                "Order Ref",
                "PO Ref",
                "Layer Line ID",
                "Layer Asset ID",
                ROW_KEY,
            ),
            required=(
                "Customer Ref",
                "Site Ref",
                "Product Code",
                "Charge Type",
                "Action",
                "Description",
                "Quantity",
                "Unit Price",
                "Frequency",
                "Bill Start Date",
                "Layer Line ID",
            ),
            allowed={
                "Charge Type": _CHARGE_TYPES,
                "Action": frozenset({"ADD", "UPDATE"}),
                "Frequency": frozenset({"ONE_OFF", "MONTHLY", "QUARTERLY", "ANNUAL"}),
            },
            dates=("Bill Start Date", "Bill End Date"),
            amounts=("Unit Price",),
            counts=("Quantity", "Term Months"),
            after=("06_clis",),
        ),
    )
}


def layout_of(file_name: str) -> tuple[Layout, int] | None:
    """The layout a file name stands for and its part number (1 unless `..._2.csv` and on)."""
    match = _NAME.fullmatch(file_name)
    layout = LAYOUTS.get(match["stem"]) if match else None
    if match is None or layout is None:
        return None
    return layout, int(match["part"] or 1)
