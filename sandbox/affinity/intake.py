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
from sandbox.affinity.layout import LAYOUTS, ROW_KEY, Layout
from sandbox.affinity.policy import Policy
from sandbox.affinity.state import CANCELLED, as_text

Row: TypeAlias = Mapping[str, str]

_KEY: Final = re.compile(r"[0-9a-f]{32}")
_DATE: Final = re.compile(r"(\d\d)/(\d\d)/(\d{4})")
_AMOUNT: Final = re.compile(r"\d{1,12}(\.\d{1,4})?", re.ASCII)
_COUNT: Final = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_LONGEST_CLI: Final = 40
_EVER: Final = "9999-12-31"

_BILLED_FOR_LINE: Final = (
    "SELECT 1 FROM bill WHERE line_id = ? AND charge_type = ? AND from_on <= ? AND to_on >= ?"
)
_BILLED_FOR_ASSET: Final = (
    "SELECT 1 FROM bill WHERE asset_id = ? AND charge_type = ? AND from_on <= ? AND to_on >= ?"
)
# Of the periods of one charge the latest is meant; never the one that takes over.
_LATEST: Final = " AND row_key <> ? ORDER BY end_on <> '', start_on DESC, object_uid DESC"
_OBJECT_OF_LINE: Final = (
    "SELECT object_uid FROM site_product WHERE line_id = ? AND charge_type = ?" + _LATEST
)
_OBJECT_OF_ASSET: Final = (
    "SELECT object_uid FROM site_product WHERE asset_id = ? AND charge_type = ?" + _LATEST
)
_IS_AT_PLACE: Final = "SELECT 1 FROM site_product WHERE object_uid = ? AND site_ref = ? AND cli = ?"
_OBJECT_AT_PLACE: Final = (
    "SELECT object_uid FROM site_product WHERE site_ref = ? AND cli = ? AND product_code = ?"
    " AND charge_type = ?" + _LATEST
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
            "addresses": self._address,
            "contacts": self._contact,
            "new_products": self._new_product,
            "clis": self._cli,
            "ceases": self._cease,
            "products": self._product,
        }

    def take(self, layout: Layout, row: Row, cells: int) -> str:
        """Load one row that came in `cells` cells; returns the ref of what it created, else "".

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
        ref = self._take[layout.kind](row, self._is_known(key))
        self._keys.add(key)
        return ref

    def _is_known(self, key: str) -> bool:
        """Whether a row of this key was loaded before, in this file or ever."""
        return key in self._keys or self._has(
            "SELECT 1 FROM answer WHERE row_key = ? AND accepted = 1", key
        )

    # Customers, sites and what hangs on them

    def _customer(self, row: Row, again: bool) -> str:
        ref, layer_id = row["Customer Ref"], row["Layer Customer ID"]
        fields = _fields("01_customers", row)
        if row["Action"] == "UPDATE":
            changed = self._do(
                "UPDATE customer SET fields = ? WHERE layer_id = ? AND (ref = ? OR ? = '')",
                fields,
                layer_id,
                ref,
                ref,
            )
            if not changed:
                raise Refused("UNKNOWN_CUSTOMER", f"customer {ref or layer_id} is not in Affinity")
            return ""
        known = self._customer_ref(ref, layer_id)
        if known is not None and not again:
            raise Refused("CUSTOMER_EXISTS", f"customer {layer_id} is in Affinity as {known}")
        new = ref or self._next("AFC", "SELECT count(*) FROM customer")
        self._do("INSERT OR IGNORE INTO customer VALUES (?, ?, ?, 0)", new, layer_id, fields)
        return new

    def _site(self, row: Row, again: bool) -> str:
        ref, layer_id = row["Site Ref"], row["Layer Site ID"]
        owner = self._owner(row)
        self._check_parent(row)
        fields = _fields("02_sites", row)
        if row["Action"] == "UPDATE":
            changed = self._do(
                "UPDATE site SET fields = ?, customer_ref = ?"
                " WHERE layer_id = ? AND (ref = ? OR ? = '')",
                fields,
                owner,
                layer_id,
                ref,
                ref,
            )
            if not changed:
                raise Refused("UNKNOWN_SITE", f"site {ref or layer_id} is not in Affinity")
            return ""
        known = self._row("SELECT ref FROM site WHERE layer_id = ?", layer_id)
        if known is not None and not again:
            raise Refused("SITE_EXISTS", f"site {layer_id} is in Affinity as {known[0]}")
        new = ref or self._next("AFS", "SELECT count(*) FROM site")
        self._do("INSERT OR IGNORE INTO site VALUES (?, ?, ?, ?, 0)", new, layer_id, owner, fields)
        return new

    def _check_parent(self, row: Row) -> None:
        parent = row["Parent Layer Site ID"]
        if parent and not self._has("SELECT 1 FROM site WHERE layer_id = ?", parent):
            raise Refused("UNKNOWN_SITE", f"parent site {parent} is not in Affinity")

    def _address(self, row: Row, again: bool) -> str:
        return self._record("address", "03_addresses", row, again)

    def _contact(self, row: Row, again: bool) -> str:
        return self._record("contact", "04_contacts", row, again)

    def _record(self, kind: str, stem: str, row: Row, again: bool) -> str:
        """An address or a contact: known by The Layer's id, for Affinity gives it no ref."""
        self._owner(row)
        site = row["Layer Site ID"]
        if site and not self._has("SELECT 1 FROM site WHERE layer_id = ?", site):
            raise Refused("UNKNOWN_SITE", f"site {site} is not in Affinity")
        layer_id = row[LAYOUTS[stem].columns[0]]
        fields = _fields(stem, row)
        if row["Action"] == "UPDATE":
            changed = self._do(
                "UPDATE record SET fields = ? WHERE kind = ? AND layer_id = ?",
                fields,
                kind,
                layer_id,
            )
            if not changed:
                raise Refused(f"UNKNOWN_{kind.upper()}", f"{kind} {layer_id} is not in Affinity")
            return ""
        if not again and self._has(
            "SELECT 1 FROM record WHERE kind = ? AND layer_id = ?", kind, layer_id
        ):
            raise Refused(f"{kind.upper()}_EXISTS", f"{kind} {layer_id} is in Affinity")
        self._do(
            "INSERT INTO record (kind, layer_id, fields, learnt) VALUES (?, ?, ?, 0)",
            kind,
            layer_id,
            fields,
        )
        return ""

    def _new_product(self, row: Row, again: bool) -> str:
        """Give the product a code, which is in the catalogue from now on."""
        layer_id = row["Layer Product ID"]
        known = self._row("SELECT code FROM new_product WHERE layer_id = ?", layer_id)
        if known is not None and not again:
            raise Refused("PRODUCT_EXISTS", f"product {layer_id} has the code {known[0]}")
        code = self._next("NEW-", "SELECT count(*) FROM new_product")
        self._do(
            "INSERT INTO new_product VALUES (?, ?, ?)",
            code,
            layer_id,
            _fields("05_new_products", row),
        )
        self._do(
            "INSERT OR REPLACE INTO product_code VALUES (?, ?, 1, ?, ?)",
            code,
            row["Name"],
            row["Recurring Price"] or row["Up-front Price"],
            row["Frequency"].upper() or "MONTHLY",
        )
        return code

    def _owner(self, row: Row) -> str:
        """Affinity's ref of the row's customer; nothing more is added to one that is cancelled."""
        ref, layer_id = row.get("Customer Ref", ""), row["Layer Customer ID"]
        owner = self._customer_ref(ref, layer_id)
        if owner is None:
            raise Refused("UNKNOWN_CUSTOMER", f"customer {ref or layer_id} is not in Affinity")
        if row["Action"] == "ADD":
            self._check_active(owner)
        return owner

    def _check_active(self, customer: str) -> None:
        if self._has(f"SELECT 1 FROM customer WHERE ref = ? AND {CANCELLED}", customer):
            raise Refused("CUSTOMER_INACTIVE", f"customer {customer} was cancelled")

    def _next(self, prefix: str, counted: str) -> str:
        """The next name of a series."""
        return f"{prefix}{self._one(counted) + 1:06d}"

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
                self._check_active(row["Customer Ref"])
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
                self._change_cli(row, site, cli, start_on, end_on)
            case _:
                if not end_on:
                    raise Refused("MISSING_VALUE", "End Date is empty")
                ended = self._do(
                    "UPDATE cli SET end_on = ? WHERE id = (SELECT id FROM cli WHERE site_ref = ?"
                    " AND cli = ? ORDER BY start_on = ? DESC, start_on DESC, id DESC LIMIT 1)",
                    end_on,
                    site,
                    cli,
                    start_on,
                )
                if ended == 0:
                    raise Refused("UNKNOWN_CLI", "the CLI is not at this site")
        return ""

    def _change_cli(self, row: Row, site: str, cli: str, start_on: str, end_on: str) -> None:
        """Renumber a CLI, move it here from another site of the customer, or change its end.

        The row says which life it means by its start. What is billed on the CLI does not go along:
        that takes a row of its own.
        """
        old = national(row["Previous CLI"]) or cli
        found = self._row(
            "SELECT id, site_ref FROM cli WHERE cli = ? AND (site_ref = ? OR site_ref IN"
            " (SELECT ref FROM site WHERE customer_ref = ?))"
            " ORDER BY end_on <> '', start_on = ? DESC, site_ref = ? DESC, id DESC",
            old,
            site,
            row["Customer Ref"],
            start_on,
            site,
        )
        if found is None:
            raise Refused("UNKNOWN_CLI", "neither the CLI nor its previous number is known here")
        if self._has(
            "SELECT 1 FROM cli WHERE site_ref = ? AND cli = ? AND id <> ?"
            " AND (end_on = '' OR end_on >= ?) AND (? = '' OR start_on <= ?)",
            site,
            cli,
            found[0],
            start_on,
            end_on,
            end_on,
        ):
            raise Refused("CLI_EXISTS", "the CLI is live at this site already")
        self._do(
            "UPDATE cli SET site_ref = ?, cli = ?, range_end = ?, end_on = ? WHERE id = ?",
            site,
            cli,
            national(row["Range End"]),
            end_on,
            found[0],
        )

    def _check_cli(self, site: str, cli: str, day: str) -> None:
        if cli and not self._is_live(site, cli, day):
            raise Refused("UNKNOWN_CLI", "the CLI is not live at this site")

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
        if end_on and end_on < start_on and row["Action"] == "ADD":
            raise Refused("BAD_PERIOD", "the charge ends before it starts")
        if row["Action"] == "UPDATE":
            self._change_product(row, site, cli, start_on, end_on)
            return ""
        self._check_cli(site, cli, start_on)
        self._check_active(row["Customer Ref"])
        self._objects += 1
        self._do(
            "INSERT INTO site_product VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,?,?,0)",
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
            row["Description"],
            row["Term Months"],
            row["Order Ref"],
            row["PO Ref"],
            row[ROW_KEY],
            "row key again" if again else self._billed_already(row, start_on, end_on),
        )
        return ""

    def _billed_already(self, row: Row, start_on: str, end_on: str) -> str:
        """Why this row bills what is billed already, under another key; empty if it does not."""
        line_id, asset_id, charge_type = (
            row["Layer Line ID"],
            row["Layer Asset ID"],
            row["Charge Type"],
        )
        until = _EVER if charge_type == "UPFRONT" else end_on or _EVER
        if self._has(_BILLED_FOR_LINE, line_id, charge_type, until, start_on):
            return "line billed already"
        if asset_id and self._has(_BILLED_FOR_ASSET, asset_id, charge_type, until, start_on):
            return "asset billed already"
        return ""

    def _change_product(self, row: Row, site: str, cli: str, start_on: str, end_on: str) -> None:
        """Everything the row says holds from now on; a blank end reopens what had ended."""
        uid = self._object(row, site, cli)
        if uid is None:
            raise Refused("UNKNOWN_SITE_PRODUCT", "nothing is billed that this row could change")
        if not self._has(_IS_AT_PLACE, uid, site, cli):
            self._check_cli(site, cli, start_on)
        self._do(
            "UPDATE site_product SET site_ref = ?, cli = ?, product_code = ?, quantity = ?,"
            " unit_price = ?, frequency = ?, start_on = ?, end_on = ?, line_id = ?, asset_id = ?,"
            " description = ?, term_months = ?, order_ref = ?, po_ref = ?, is_ceased = 0"
            " WHERE object_uid = ?",
            site,
            cli,
            row["Product Code"],
            int(row["Quantity"]),
            row["Unit Price"],
            row["Frequency"],
            start_on,
            end_on,
            row["Layer Line ID"],
            row["Layer Asset ID"],
            row["Description"],
            row["Term Months"],
            row["Order Ref"],
            row["PO Ref"],
            uid,
        )

    def _cease(self, row: Row, _again: bool) -> str:
        site = self._check_place(row)
        uid: str | None = row["Object UID"]
        if not uid:
            uid = self._object(row, site, national(row["CLI"]))
        ended = self._do(
            "UPDATE site_product SET end_on = ?, is_ceased = 1 WHERE object_uid = ?",
            _iso(row["Cease Date"]),
            uid,
        )
        if ended == 0:
            raise Refused("UNKNOWN_SITE_PRODUCT", "nothing is billed that this row could end")
        return ""

    def _object(self, row: Row, site: str, cli: str) -> str | None:
        """The site product a row is about: by its line, its asset, or else its place and code."""
        line_id, asset_id = row.get("Layer Line ID", ""), row["Layer Asset ID"]
        charge_type, successor = row["Charge Type"], row.get("Replaced By Row Key", "") or "none"
        found = None
        if line_id:
            found = self._row(_OBJECT_OF_LINE, line_id, charge_type, successor)
        if found is None and asset_id:
            found = self._row(_OBJECT_OF_ASSET, asset_id, charge_type, successor)
        if found is None:
            found = self._row(
                _OBJECT_AT_PLACE, site, cli, row["Product Code"], charge_type, successor
            )
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


def _fields(stem: str, row: Row) -> str:
    """What a row says of its record, as it is kept."""
    return as_text({column: row[column] for column in LAYOUTS[stem].fields})


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
