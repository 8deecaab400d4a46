"""Batch folders for the stand-in: valid rows by default, a test states only what it is about."""

import csv
import hashlib
import itertools
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from sandbox.affinity.layout import LAYOUTS
from tests.sandbox.plain_judge import Facts

CUSTOMER, SITE, CODE = "NW1", "NW1-001", "SIM-1"
_numbers = itertools.count(1)

DEFAULTS: dict[str, dict[str, str]] = {
    "01_customers": {"Layer Customer ID": "C9", "Name": "New Foods Ltd", "Action": "ADD"},
    "02_sites": {
        "Layer Site ID": "S9",
        "Layer Customer ID": "C9",
        "Name": "Head Office",
        "Action": "ADD",
    },
    "03_addresses": {
        "Layer Address ID": "D1",
        "Layer Customer ID": "C1",
        "Layer Site ID": "S1",
        "Line 1": "1 Signal House",
        "Postcode": "AF1 1AA",
        "Action": "ADD",
    },
    "04_contacts": {
        "Layer Contact ID": "K1",
        "Layer Customer ID": "C1",
        "Last Name": "O'Rourke",
        "Action": "ADD",
    },
    "05_new_products": {"Layer Product ID": "P9", "Name": "Bespoke", "Recurring Price": "5.0000"},
    "06_clis": {
        "Customer Ref": CUSTOMER,
        "Site Ref": SITE,
        "CLI": "07700900001",
        "Action": "ADD",
        "CLI Type": "mobile",
        "Start Date": "01/10/2026",
    },
    "07_ceases": {
        "Customer Ref": CUSTOMER,
        "Site Ref": SITE,
        "Object UID": "SP1",
        "Charge Type": "RECURRING",
        "Cease Date": "30/09/2026",
    },
    "08_products": {
        "Customer Ref": CUSTOMER,
        "Site Ref": SITE,
        "Product Code": CODE,
        "Charge Type": "RECURRING",
        "Action": "ADD",
        "Description": "SIM Only",
        "Quantity": "1",
        "Unit Price": "6.5000",
        "Frequency": "MONTHLY",
        "Bill Start Date": "01/10/2026",
    },
}


def row_key(*parts: str) -> str:
    """A row key as the contract makes them."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


def row(stem: str, **changes: str) -> dict[str, str]:
    """A valid row of a file; `Unit_Price="x"` changes the column `Unit Price`."""
    number = str(next(_numbers))
    values = DEFAULTS[stem] | {"Row Key": row_key("test", number)}
    if stem == "08_products":
        values |= {"Layer Line ID": f"L{number}", "Layer Asset ID": f"A{number}"}
    return values | {name.replace("_", " "): value for name, value in changes.items()}


def write_file(folder: Path, name: str, rows: Iterable[Mapping[str, str]]) -> Path:
    """Write rows as a batch file would be, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    layout = next(layout for stem, layout in LAYOUTS.items() if name.startswith(stem))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, layout.columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_feeds(folder: Path, **feeds: str) -> Path:
    """A small Affinity to learn from: one customer, one site, a catalogue, one thing live.

    `feeds` replaces or adds whole feeds by name, as CSV text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    default = {
        "customers": "Customer ID,name,status,integration_id\nC1,Old Foods,Live,NW1\n"
        "C2,Unlinked,Live,\nC3,Neighbour,Live,NW3\n",
        "sites": "site_id,customer_id,name,Site Integration ID\nS1,C1,HQ,NW1-001\nS2,C1,Depot,\n"
        "S3,C3,HQ,NW3-001\n",
        "application_links": "Application Name,Entity Type,Entity Id,Integration Id\n"
        "Aurora Affinity,19,S2,NW1-002\nLedger Cloud,19,S2,LC-1\n",
        "products": "product_id,SKU,external_sku_recurring,billing_frequency\n"
        "P1,SIM-1,,Monthly\nP2,BOX-1,BOX-1-R,Annual\n",
        "affinity_products": "product_code,name,is_active,price\nSIM-1,SIM,true,6.50\n"
        "BOX-1,Box,,1\nBOX-1-R,Box rental,yes,12\nOLD-1,Old,no,1\n",
        "affinity_clis": "site_ref,cli,start_on,end_on\nNW1-001,07700900100,2024-01-01,\n"
        "NW1-001,07700900101,2024-01-01,2025-01-01\n",
        "affinity_site_products": "object_uid,site_ref,cli,product_code,charge_type,quantity,"
        "unit_price,start_on,end_on,row_key\n"
        "SP1,NW1-001,07700900100,SIM-1,recurring,1,£6.50,2024-01-01,,\n"
        "SP2,NW1-001,,BOX-1-R,recurring,2,12.00,2024-01-01,,\n",
        "assets": "asset_id,line_id,object_uid\nA-LIVE,L-LIVE,SP1\nA-NONE,L-NONE,\n",
    }
    for name, text in (default | feeds).items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def batch_of(folder: Path, ready: Iterable[Facts]) -> Path:
    """The CLI and product files for charges that a judge found ready, none live before."""
    products: list[dict[str, str]] = []
    clis: dict[tuple[str, str], dict[str, str]] = {}
    for facts in sorted(ready, key=lambda facts: facts.start):
        product = {
            "Customer Ref": facts.customer_ref,
            "Site Ref": facts.site_ref,
            "CLI": facts.cli or "",
            "Product Code": facts.sku,
            "Charge Type": facts.charge.upper(),
            "Action": "ADD",
            "Description": facts.name,
            "Quantity": facts.quantity,
            "Unit Price": f"{facts.price:.4f}",
            "Frequency": "ONE_OFF" if facts.charge == "upfront" else facts.frequency.upper(),
            "Bill Start Date": _uk(facts.start),
            "Bill End Date": _uk(facts.cease),
            "Layer Line ID": facts.line_id,
            "Layer Asset ID": facts.asset_id,
            "Row Key": row_key("t", "product", facts.line_id, facts.charge, "add"),
        }
        products.append(product)
        if facts.cli and not facts.cli_is_live:
            clis.setdefault(
                (facts.site_ref, facts.cli),
                row(
                    "06_clis",
                    Customer_Ref=facts.customer_ref,
                    Site_Ref=facts.site_ref,
                    CLI=facts.cli,
                    CLI_Type="other",
                    Start_Date=_uk(facts.start),
                    Row_Key=row_key("t", "cli", facts.site_ref, facts.cli, "add", facts.start),
                ),
            )
    write_file(folder, "06_clis.csv", clis.values())
    write_file(folder, "08_products.csv", products)
    return folder


def _uk(iso: str) -> str:
    return date.fromisoformat(iso).strftime("%d/%m/%Y") if iso else ""
