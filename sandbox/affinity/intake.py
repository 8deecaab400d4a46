"""The clerk: looks at one row, refuses it with a reason or lets it change what Affinity bills.

A row is checked in full before anything is written, so a refused row leaves no trace. What was
loaded once is loaded again when it is sent again: the clerk counts, it does not protect.
"""

import re
import sqlite3
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, TypeAlias

from sandbox.affinity.feed_reader import national
from sandbox.affinity.layout import ROW_KEY, Layout
from sandbox.affinity.policy import Policy

Row: TypeAlias = Mapping[str, str]

_KEY: Final = re.compile(r"[0-9a-f]{32}")
_DATE: Final = re.compile(r"(\d\d)/(\d\d)/(\d{4})")
_AMOUNT: Final = re.compile(r"\d{1,12}(\.\d{1,4})?", re.ASCII)
_COUNT: Final = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_LONGEST_CLI: Final = 40

_BILLED_FOR_LINE: Final = (
    "SELECT 1 FROM site_product WHERE line_id = ? AND charge_type = ?"
    " AND (end_on = '' OR end_on >= ?)"
)
_BILLED_FOR_ASSET: Final = (
    "SELECT 1 FROM site_product WHERE asset_id = ? AND charge_type = ?"
    " AND (end_on = '' OR end_on >= ?)"
)
# What is still billed comes before what has ended.
_OBJECT_OF_LINE: Final = (
    "SELECT object_uid FROM site_product WHERE line_id = ? AND charge_type = ?"
    " ORDER BY end_on <> '', object_uid"
)
_OBJECT_OF_ASSET: Final = (
    "SELECT object_uid FROM site_product WHERE asset_id = ? AND charge_type = ?"
    " ORDER BY end_on <> '', object_uid"
)
_OBJECT_AT_PLACE: Final = (
    "SELECT object_uid FROM site_product WHERE site_ref = ? AND cli = ? AND product_code = ?"
    " AND charge_type = ? ORDER BY end_on <> '', object_uid"
)


class Refused(Exception):
    """A row is not taken; `code` for machines, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        """Say why."""
        super().__init__(message)
        self.code = code


class Clerk:
    """Takes the rows of one file, in order, within the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, policy: Policy) -> None:
        """Work on the open state under today's policy."""
        self._connection = connection
        self._policy = policy
        self._keys: set[str] = set()
        self._objects = self._one("SELECT count(*) FROM site_product")
        self._take: dict[str, Callable[[Row, bool], str]] = {
            "customers": self._customer,
            "sites": self._site,
            "addresses": self._record,
            "contacts": self._record,
            "new_products": self._new_product,
            "clis": self._cli,
            "ceases": self._cease,
            "products": self._product,
        }

    def take(self, layout: Layout, row: Row, cells: int) -> str:
        """Load one row that came in `cells` cells; returns a message for its sender, often empty.

        Raises:
            Refused: the row does not fit, or names what Affinity does not have.

        """
        if cells != len(layout.columns):
            raise Refused("BAD_ROW", f"{cells} cells instead of {len(layout.columns)}")
        _check_shape(layout, row)
        key = row[ROW_KEY]
        refusal = self._policy.refusal(key, is_product=layout.kind == "products")
        if refusal is not None:
            raise Refused(*refusal)
        message = self._take[layout.kind](row, self._is_known(key))
        self._keys.add(key)
        return message

    def _is_known(self, key: str) -> bool:
        """Whether a row of this key was loaded before, in this file or ever."""
        return key in self._keys or self._has(
            "SELECT 1 FROM answer WHERE row_key = ? AND accepted = 1", key
        )

    # Customers, sites and what hangs on them

    def _customer(self, row: Row, again: bool) -> str:
        ref, layer_id = row["Customer Ref"], row["Layer Customer ID"]
        known = self._customer_ref(ref, layer_id)
        if row["Action"] != "ADD":
            if known is None:
                raise Refused("UNKNOWN_CUSTOMER", f"customer {ref or layer_id} is not in Affinity")
            return ""
        if known is not None and not again:
            raise Refused("CUSTOMER_EXISTS", f"customer {layer_id} is in Affinity as {known}")
        number = self._one("SELECT count(*) FROM customer") + 1
        new = ref or f"AFC{number:06d}"
        self._do("INSERT OR IGNORE INTO customer VALUES (?, ?, 0)", new, layer_id)
        return f"created as {new}"

    def _site(self, row: Row, again: bool) -> str:
        ref, layer_id = row["Site Ref"], row["Layer Site ID"]
        owner = self._customer_ref(row["Customer Ref"], row["Layer Customer ID"])
        if owner is None:
            customer = row["Customer Ref"] or row["Layer Customer ID"]
            raise Refused("UNKNOWN_CUSTOMER", f"customer {customer} is not in Affinity")
        known = self._row(
            "SELECT ref FROM site WHERE layer_id = ? AND (ref = ? OR ? = '')", layer_id, ref, ref
        )
        if row["Action"] != "ADD":
            if known is None:
                raise Refused("UNKNOWN_SITE", f"site {ref or layer_id} is not in Affinity")
            return ""
        if known is not None and not again:
            raise Refused("SITE_EXISTS", f"site {layer_id} is in Affinity as {known[0]}")
        number = self._one("SELECT count(*) FROM site") + 1
        new = ref or f"AFS{number:06d}"
        self._do("INSERT OR IGNORE INTO site VALUES (?, ?, ?, 0)", new, layer_id, owner)
        return f"created as {new}"

    def _record(self, row: Row, _again: bool) -> str:
        """An address or a contact."""
        customer, site = row["Layer Customer ID"], row["Layer Site ID"]
        if self._customer_ref("", customer) is None:
            raise Refused("UNKNOWN_CUSTOMER", f"customer {customer} is not in Affinity")
        if site and not self._has("SELECT 1 FROM site WHERE layer_id = ?", site):
            raise Refused("UNKNOWN_SITE", f"site {site} is not in Affinity")
        kind = "address" if "Layer Address ID" in row else "contact"
        layer_id = row.get("Layer Address ID") or row.get("Layer Contact ID", "")
        self._do(
            "INSERT INTO record (kind, layer_id, row_key) VALUES (?, ?, ?)",
            kind,
            layer_id,
            row[ROW_KEY],
        )
        return ""

    def _new_product(self, row: Row, _again: bool) -> str:
        self._do(
            "INSERT INTO record (kind, layer_id, row_key) VALUES ('new_product', ?, ?)",
            row["Layer Product ID"],
            row[ROW_KEY],
        )
        return "a product code will be assigned"

    def _customer_ref(self, ref: str, layer_id: str) -> str | None:
        """Affinity's ref of a customer named by its ref or, without one, by The Layer's id."""
        if ref:
            found = self._row("SELECT ref FROM customer WHERE ref = ?", ref)
        else:
            found = self._row("SELECT ref FROM customer WHERE layer_id = ?", layer_id)
        return None if found is None else str(found[0])

    # CLIs

    def _cli(self, row: Row, again: bool) -> str:
        site = self._check_place(row)
        cli, start_on, end_on = national(row["CLI"]), _iso(row["Start Date"]), _iso(row["End Date"])
        if len(cli) > _LONGEST_CLI:
            raise Refused("BAD_CLI", f"a CLI has at most {_LONGEST_CLI} characters")
        if end_on and end_on < start_on and row["Action"] != "CEASE":
            raise Refused("BAD_PERIOD", "the CLI ends before it starts")
        match row["Action"]:
            case "ADD":
                if not again and self._is_live(site, cli, start_on):
                    raise Refused("CLI_EXISTS", "the CLI is live at this site already")
                self._do(
                    "INSERT INTO cli (site_ref, cli, range_end, start_on, end_on, row_key, learnt)"
                    " VALUES (?, ?, ?, ?, ?, ?, 0)",
                    site,
                    cli,
                    national(row["Range End"]),
                    start_on,
                    end_on,
                    row[ROW_KEY],
                )
            case "UPDATE":
                self._change_cli(row, site, cli, end_on)
            case _:
                if not end_on:
                    raise Refused("MISSING_VALUE", "End Date is empty")
                if (
                    self._do(
                        "UPDATE cli SET end_on = ? WHERE site_ref = ? AND cli = ?",
                        end_on,
                        site,
                        cli,
                    )
                    == 0
                ):
                    raise Refused("UNKNOWN_CLI", "the CLI is not at this site")
        return ""

    def _change_cli(self, row: Row, site: str, cli: str, end_on: str) -> None:
        """Renumber a CLI at its site, or move it there from another site of the customer."""
        old = national(row["Previous CLI"]) or cli
        found = self._row(
            "SELECT id, site_ref FROM cli WHERE cli = ? AND (site_ref = ? OR site_ref IN"
            " (SELECT ref FROM site WHERE customer_ref = ?)) ORDER BY site_ref = ? DESC, id DESC",
            old,
            site,
            row["Customer Ref"],
            site,
        )
        if found is None:
            raise Refused("UNKNOWN_CLI", "neither the CLI nor its previous number is known here")
        self._do(
            "UPDATE cli SET site_ref = ?, cli = ?, end_on = ? WHERE id = ?",
            site,
            cli,
            end_on,
            found[0],
        )
        self._do(
            "UPDATE site_product SET site_ref = ?, cli = ? WHERE site_ref = ? AND cli = ?",
            site,
            cli,
            found[1],
            old,
        )

    def _is_live(self, site: str, cli: str, day: str) -> bool:
        """Whether a CLI is at a site and has not ended before `day`."""
        return self._has(
            "SELECT 1 FROM cli WHERE site_ref = ? AND cli = ? AND (end_on = '' OR end_on >= ?)",
            site,
            cli,
            day,
        )

    # Products

    def _product(self, row: Row, again: bool) -> str:
        site = self._check_place(row)
        code, charge_type = row["Product Code"], row["Charge Type"]
        start_on, end_on = _iso(row["Bill Start Date"]), _iso(row["Bill End Date"])
        cli = national(row["CLI"])
        found = self._row("SELECT is_active FROM product_code WHERE code = ?", code)
        if found is None:
            raise Refused("UNKNOWN_PRODUCT", f"product code {code} is not in the catalogue")
        if not found[0]:
            raise Refused("INACTIVE_PRODUCT", f"product code {code} is not active")
        if (charge_type == "UPFRONT") != (row["Frequency"] == "ONE_OFF"):
            raise Refused("BAD_VALUE", "Frequency does not fit the charge type")
        if end_on and end_on < start_on:
            raise Refused("BAD_PERIOD", "the charge ends before it starts")
        if cli and not self._is_live(site, cli, start_on):
            raise Refused("UNKNOWN_CLI", "the CLI is not live at this site")
        if row["Action"] == "UPDATE":
            self._change_product(row, site, cli, end_on)
            return ""
        self._objects += 1
        self._do(
            "INSERT INTO site_product VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,0)",
            f"SN{self._objects:08d}",
            site,
            cli,
            code,
            charge_type,
            int(row["Quantity"]),
            row["Unit Price"],
            row["Frequency"],
            start_on,
            end_on,
            row["Layer Line ID"],
            row["Layer Asset ID"],
            row[ROW_KEY],
            "row key again" if again else self._billed_already(row, start_on),
        )
        return ""

    def _billed_already(self, row: Row, start_on: str) -> str:
        """Why this row bills what is billed already, under another key; empty if it does not."""
        line_id, asset_id, charge_type = (
            row["Layer Line ID"],
            row["Layer Asset ID"],
            row["Charge Type"],
        )
        if self._has(_BILLED_FOR_LINE, line_id, charge_type, start_on):
            return "line billed already"
        if asset_id and self._has(_BILLED_FOR_ASSET, asset_id, charge_type, start_on):
            return "asset billed already"
        return ""

    def _change_product(self, row: Row, site: str, cli: str, end_on: str) -> None:
        uid = self._object(row, site, cli)
        if uid is None:
            raise Refused("UNKNOWN_SITE_PRODUCT", "nothing is billed that this row could change")
        self._do(
            "UPDATE site_product SET site_ref = ?, cli = ?, product_code = ?, quantity = ?,"
            " unit_price = ?, frequency = ?, end_on = ? WHERE object_uid = ?",
            site,
            cli,
            row["Product Code"],
            int(row["Quantity"]),
            row["Unit Price"],
            row["Frequency"],
            end_on,
            uid,
        )

    def _cease(self, row: Row, _again: bool) -> str:
        site = self._check_place(row)
        uid: str | None = row["Object UID"]
        if not uid:
            uid = self._object(row, site, national(row["CLI"]))
        ended = self._do(
            "UPDATE site_product SET end_on = ? WHERE object_uid = ?", _iso(row["Cease Date"]), uid
        )
        if ended == 0:
            raise Refused("UNKNOWN_SITE_PRODUCT", "nothing is billed that this row could end")
        return ""

    def _object(self, row: Row, site: str, cli: str) -> str | None:
        """The site product a row is about: by its line, its asset, or else its place and code."""
        line_id, asset_id = row.get("Layer Line ID", ""), row["Layer Asset ID"]
        charge_type = row["Charge Type"]
        found = None
        if line_id:
            found = self._row(_OBJECT_OF_LINE, line_id, charge_type)
        if found is None and asset_id:
            found = self._row(_OBJECT_OF_ASSET, asset_id, charge_type)
        if found is None:
            found = self._row(_OBJECT_AT_PLACE, site, cli, row["Product Code"], charge_type)
        return None if found is None else str(found[0])

    def _check_place(self, row: Row) -> str:
        """The row's site ref, once customer and site are known to belong together."""
        customer, site = row["Customer Ref"], row["Site Ref"]
        if not self._has("SELECT 1 FROM customer WHERE ref = ?", customer):
            raise Refused("UNKNOWN_CUSTOMER", f"customer {customer} is not in Affinity")
        owners = self._connection.execute(
            "SELECT customer_ref FROM site WHERE ref = ?", (site,)
        ).fetchall()
        if not owners:
            raise Refused("UNKNOWN_SITE", f"site {site} is not in Affinity")
        if (customer,) not in owners:
            raise Refused("SITE_OF_ANOTHER", f"site {site} does not belong to customer {customer}")
        return site

    # Statements

    def _do(self, statement: str, *values: object) -> int:
        return self._connection.execute(statement, values).rowcount

    def _row(self, statement: str, *values: object) -> tuple[object, ...] | None:
        found: tuple[object, ...] | None = self._connection.execute(statement, values).fetchone()
        return found

    def _has(self, statement: str, *values: object) -> bool:
        return self._row(statement, *values) is not None

    def _one(self, statement: str) -> int:
        return int(self._connection.execute(statement).fetchone()[0])


def _check_shape(layout: Layout, row: Row) -> None:
    """Raise Refused for the first thing wrong with a row by itself."""
    if not _KEY.fullmatch(row[ROW_KEY]):
        raise Refused("BAD_ROW_KEY", "Row Key is not 32 hex digits")
    for column in layout.required:
        if not row[column]:
            raise Refused("MISSING_VALUE", f"{column} is empty")
    for column, allowed in layout.allowed.items():
        if row[column] not in allowed:
            raise Refused("BAD_VALUE", f"{column} has a value Affinity does not know")
    formats: tuple[tuple[tuple[str, ...], Callable[[str], object], str, str], ...] = (
        (layout.dates, _day, "BAD_DATE", "a dd/mm/yyyy date"),
        (layout.amounts, _AMOUNT.fullmatch, "BAD_AMOUNT", "an amount of at most four decimals"),
        (layout.counts, _COUNT.fullmatch, "BAD_NUMBER", "a whole number of at least 1"),
    )
    for columns, reads_as, code, wanted in formats:
        for column in columns:
            if row[column] and not reads_as(row[column]):
                raise Refused(code, f"{column} is not {wanted}")


def _day(text: str) -> date | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(int(match[3]), int(match[2]), int(match[1]))
    except ValueError:
        return None


def _iso(text: str) -> str:
    day = _day(text)
    return day.isoformat() if day is not None else ""
