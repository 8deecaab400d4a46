"""Opens the database in which Affinity keeps what it remembers, and teaches it from the feeds."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

from sandbox.affinity.feed_reader import iso_day, national, read_feed
from sandbox.affinity.layout import LAYOUTS, Layout

DATABASE: Final = "affinity.sqlite3"
CANCELLED: Final = "json_extract(fields, '$.Status') = 'Cancelled'"  # of a customer
_AMOUNT: Final = re.compile(r"\d+(\.\d+)?", re.ASCII)
_SITE_ENTITY: Final = "19"
_OUR_NAMES: Final = frozenset({"affinity", "aurora affinity"})
_INACTIVE: Final = frozenset({"false", "no", "n", "0"})
_ACTIVE: Final = frozenset({"", "true", "yes", "y", "1"})
_TRUE: Final = frozenset({"true", "yes", "y", "1"})
# feed columns that are not called as the file's heading is without "Layer"
_FEED_COLUMNS: Final = {"Site Reference": "site_ref", "Is Billing Site": "is_default"}


class StandInError(Exception):
    """Affinity cannot work at all: no state and nothing to learn it from, or no such file."""


@contextmanager
def open_state(folder: Path, *, make: bool) -> Iterator[sqlite3.Connection]:
    """The database of a state folder; statements outside `BEGIN` commit by themselves.

    Raises:
        StandInError: there is none and `make` is false, or another process is using it.

    """
    path = folder / DATABASE
    if not make and not path.is_file():
        raise StandInError(f"no Affinity state in {folder}; load a batch with --catalogue first")
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript((files(__package__) / "state.sql").read_text(encoding="utf-8"))
        yield connection
    except sqlite3.OperationalError as error:
        raise StandInError(f"using the Affinity state in {folder}: {error}") from error
    finally:
        connection.close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing of what is written inside."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def has_learnt(connection: sqlite3.Connection) -> bool:
    """Whether Affinity was ever told what is live."""
    found = connection.execute("SELECT 1 FROM fact WHERE name = 'learnt_live'").fetchone()
    return found is not None


def learn(connection: sqlite3.Connection, feeds: Path) -> None:
    """Take customers, sites and product codes from feeds; the first time, also what is live.

    The first time Affinity also takes the addresses and contacts of the customers and sites it
    has a ref for. Later feeds can add customers, sites and codes and switch codes on and off; they
    never change what Affinity holds or bills, for that is Affinity's own.

    Raises:
        StandInError: the folder has no customers feed.

    """
    if not (feeds / "customers.csv").is_file():
        raise StandInError(f"learning from {feeds}: no customers.csv there")
    with transaction(connection):
        _learn_places(connection, feeds)
        _learn_codes(connection, feeds)
        if not has_learnt(connection):
            _learn_records(connection, feeds, "address", LAYOUTS["03_addresses"])
            _learn_records(connection, feeds, "contact", LAYOUTS["04_contacts"])
            _learn_live(connection, feeds)
            connection.execute("INSERT INTO fact VALUES ('learnt_live', ?)", (feeds.name,))


def _learn_places(connection: sqlite3.Connection, feeds: Path) -> None:
    refs: dict[str, str] = {}
    for ref, fields in _records(feeds, "customers", LAYOUTS["01_customers"]):
        layer_id = fields["Layer Customer ID"]
        refs[layer_id] = ref
        if ref:
            connection.execute(
                "INSERT OR IGNORE INTO customer VALUES (?, ?, ?, 1)",
                (ref, layer_id, as_text(fields)),
            )
    site_refs: dict[str, set[str]] = {}
    for name, entity_type, site_id, ref in read_feed(
        feeds,
        "application_links",
        "application_name",
        "entity_type",
        "entity_id",
        "integration_id",
    ):
        if name.lower() in _OUR_NAMES and entity_type == _SITE_ENTITY and ref:
            site_refs.setdefault(site_id, set()).add(ref)
    for ref, fields in _records(feeds, "sites", LAYOUTS["02_sites"]):
        site_id = fields["Layer Site ID"]
        owner = refs.get(fields["Layer Customer ID"], "")
        for each in sorted({ref, *site_refs.get(site_id, ())} - {""}):
            connection.execute(
                "INSERT OR IGNORE INTO site VALUES (?, ?, ?, ?, 1)",
                (each, site_id, owner, as_text(fields)),
            )


def _learn_records(connection: sqlite3.Connection, feeds: Path, kind: str, layout: Layout) -> None:
    customers = {ref for (ref,) in connection.execute("SELECT layer_id FROM customer")}
    sites = {ref for (ref,) in connection.execute("SELECT layer_id FROM site")} | {""}
    for _, fields in _records(feeds, layout.kind, layout):
        if fields["Layer Customer ID"] in customers and fields["Layer Site ID"] in sites:
            connection.execute(
                "INSERT INTO record (kind, layer_id, fields, learnt) VALUES (?, ?, ?, 1)",
                (kind, fields[layout.columns[0]], as_text(fields)),
            )


def _records(feeds: Path, feed: str, layout: Layout) -> Iterator[tuple[str, dict[str, str]]]:
    """Ref and fields of each record of a feed, as a row of the file would say them."""
    columns = [_FEED_COLUMNS.get(name, name.replace("Layer ", "")) for name in layout.fields]
    for ref, *values in read_feed(feeds, feed, "integration_id", *columns):
        fields = dict(zip(layout.fields, values, strict=True))
        if "Status" in fields:
            fields["Status"] = fields["Status"].capitalize()
        if "Is Billing Site" in fields:
            fields["Is Billing Site"] = str(fields["Is Billing Site"].lower() in _TRUE).lower()
        yield ref, fields


def as_text(fields: Mapping[str, str]) -> str:
    """Fields as they are kept."""
    return json.dumps(fields, ensure_ascii=False)


def _learn_codes(connection: sqlite3.Connection, feeds: Path) -> None:
    frequencies: dict[str, str] = {}
    for sku, recurring_sku, frequency in read_feed(
        feeds, "products", "external_sku", "external_sku_recurring", "billing_frequency"
    ):
        for code in (sku, recurring_sku):
            frequencies.setdefault(code, frequency.upper())
    for code, name, is_active, price in read_feed(
        feeds, "affinity_products", "product_code", "name", "is_active", "price"
    ):
        if code and is_active.lower() in _ACTIVE | _INACTIVE:
            connection.execute(
                "INSERT OR REPLACE INTO product_code VALUES (?, ?, ?, ?, ?)",
                (
                    code,
                    name,
                    is_active.lower() not in _INACTIVE,
                    price,
                    frequencies.get(code) or "MONTHLY",
                ),
            )


def _learn_live(connection: sqlite3.Connection, feeds: Path) -> None:
    for site_ref, cli, start, end in read_feed(
        feeds, "affinity_clis", "site_ref", "cli", "start_on", "end_on"
    ):
        start_on, end_on = iso_day(start), iso_day(end)
        if site_ref and cli and start_on is not None and end_on is not None:
            connection.execute(
                "INSERT INTO cli (site_ref, cli, range_end, start_on, end_on, row_key, learnt)"
                " VALUES (?, ?, '', ?, ?, '', 1)",
                (site_ref, national(cli), start_on, end_on),
            )
    assets = {
        object_uid: (line_id, asset_id)
        for object_uid, line_id, asset_id in read_feed(
            feeds, "assets", "object_uid", "line_id", "asset_id"
        )
        if object_uid
    }
    frequency_of = dict(connection.execute("SELECT code, frequency FROM product_code"))
    columns = (
        "object_uid",
        "site_ref",
        "cli",
        "product_code",
        "charge_type",
        "quantity",
        "unit_price",
        "start_on",
        "end_on",
        "row_key",
    )
    for uid, site, cli, code, charge, quantity, price, start, end, row_key in read_feed(
        feeds, "affinity_site_products", *columns
    ):
        amount = price.replace("£", "").replace(",", "") or "0"
        if not (quantity.isdecimal() and _AMOUNT.fullmatch(amount)):
            continue
        charge_type = charge.upper()
        line_id, asset_id = assets.get(uid, ("", ""))
        frequency = "ONE_OFF" if charge_type == "UPFRONT" else frequency_of.get(code, "MONTHLY")
        connection.execute(
            "INSERT OR IGNORE INTO site_product"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,'','','','',0,?,'',1)",
            (
                uid,
                site,
                national(cli),
                code,
                charge_type,
                int(quantity),
                amount,
                frequency,
                iso_day(start) or "",
                iso_day(end) or "",
                line_id,
                asset_id,
                row_key,
            ),
        )
