"""What The Layer is told after a transfer, one import file per entity, in its own column labels.

Dates are `YYYY-MM-DD`. Only files with rows are written.
"""

from typing import NamedTuple


class LayerImport(NamedTuple):
    """One import file: its name, what it is for, and its columns: label -> what it holds."""

    name: str
    about: str
    columns: dict[str, str]


ORDER_LINES = LayerImport(
    "order_lines",
    "Bill statuses and bill start of every line that something changed about.",
    {
        "Line Id": "The order line.",
        "Upfront Bill Status": "Its status now.",
        "Recurring Bill Status": "Its status now.",
        "Bill Start Date": "The first day billed: the recurring charge's, else the upfront one's.",
    },
)

CUSTOMERS = LayerImport(
    "customers",
    "What Affinity calls the customers it created.",
    {"Customer Id": "The customer.", "Integration Id": "Its reference in Affinity."},
)

APPLICATION_LINKS = LayerImport(
    "application_links",
    "What Affinity calls the sites it created.",
    {
        "Application Name": "The application Affinity is in The Layer.",
        "Entity Id": "The site.",
        "Entity Type": "19: a site.",
        "Integration Id": "Its reference in Affinity.",
    },
)

ASSETS = LayerImport(
    "assets",
    "Assets that ended in Affinity on another day than The Layer has.",
    {
        "Asset Id": "The asset.",
        "Cease Date": "Its last billed day.",
        "Cease Reason": "Why, as Affinity was told.",
    },
)

LAYER_IMPORTS = (ORDER_LINES, CUSTOMERS, APPLICATION_LINKS, ASSETS)

FOLDER = "layer_import"
"""The folder of these files, in the batch's."""
