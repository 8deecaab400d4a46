"""What Affinity bills, told in numbers and as feeds. Reads only."""

import csv
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Final

from sandbox.affinity.layout import layout_of
from sandbox.affinity.state import CANCELLED

_MONTHS: Final = {"MONTHLY": 1, "QUARTERLY": 3, "ANNUAL": 12}
_PENNY: Final = Decimal("0.01")

# A double bill counts for as long as it is one: until what was billed already is ended before.
_STILL_DOUBLE: Final = """
double_bill = 'row key again' OR EXISTS (
    SELECT 1 FROM bill AS this INNER JOIN bill AS other
    ON this.charge_type = other.charge_type AND this.object_uid <> other.object_uid
    AND this.from_on <= other.to_on AND other.from_on <= this.to_on
    AND (this.line_id = other.line_id OR this.asset_id = other.asset_id AND this.asset_id <> '')
    WHERE this.object_uid = site_product.object_uid
)"""
# A CLI cannot be at two places, or twice at one; what was so before the first batch is not counted.
_CLI_DOUBLES: Final = """
SELECT count(DISTINCT later.id) FROM cli AS earlier INNER JOIN cli AS later
ON earlier.cli = later.cli AND earlier.id < later.id
AND (earlier.end_on = '' OR earlier.end_on >= later.start_on)
AND (later.end_on = '' OR later.end_on >= earlier.start_on)
WHERE NOT later.learnt"""


@dataclass(frozen=True, slots=True)
class Audit:
    """The state in numbers; money in pounds ex VAT as decimal text, to the penny.

    Counts of `live` include what Affinity had before the first batch; `loaded_*` only what batches
    brought; a one-off that was taken back is no money. A double bill is a product row that was
    loaded although its charge was billed already: its row key had been loaded, or its line or asset
    is billed under another key on some of the same days, and no later row has mended that.
    `cli_doubles` counts the CLIs that batches added while they were live elsewhere, or there
    already. `out_of_order` counts files that came after one of their batch that needs them was
    loaded: CLIs after products.
    """

    files_loaded: int
    files_refused: int
    out_of_order: int
    rows_loaded: int
    rows_refused: int
    refusals: dict[str, int]
    rows_loaded_again: dict[str, int]
    double_bills: int
    double_bill_causes: dict[str, int]
    double_bill_keys: list[str]
    double_bill_value: str
    cli_doubles: int
    live: dict[str, int]
    money_per_month: str
    loaded_products: int
    loaded_money_per_month: str
    loaded_money_upfront: str

    def as_dict(self) -> dict[str, object]:
        """The same as plain values, for JSON."""
        return asdict(self)


def audit(connection: sqlite3.Connection, as_of: date | None) -> Audit:
    """Add up the state; with `as_of`, what ended before that day is not live any more.

    Without `as_of`, anything that has an end date is not live.
    """
    products = _Products(connection, as_of)
    files = dict(connection.execute("SELECT loaded, count(*) FROM file GROUP BY loaded"))
    rows = dict(connection.execute("SELECT accepted, count(*) FROM answer GROUP BY accepted"))
    live = {
        "customers": _count(
            connection, f"SELECT count(DISTINCT ref) FROM customer WHERE NOT {CANCELLED}"
        ),
        "sites": _count(connection, "SELECT count(DISTINCT ref) FROM site"),
        "clis": sum(
            _is_live(end_on, as_of) for (end_on,) in connection.execute("SELECT end_on FROM cli")
        ),
        "site_products": products.live,
    }
    return Audit(
        files_loaded=files.get(1, 0),
        files_refused=files.get(0, 0),
        out_of_order=_out_of_order(connection),
        rows_loaded=rows.get(1, 0),
        rows_refused=rows.get(0, 0),
        refusals=dict(
            connection.execute(
                "SELECT code, count(*) FROM answer WHERE accepted = 0"
                " GROUP BY code ORDER BY count(*) DESC, code"
            )
        ),
        rows_loaded_again=dict(
            connection.execute(
                "SELECT kind, sum(times - 1) FROM (SELECT kind, row_key, count(*) AS times"
                " FROM answer WHERE accepted = 1 GROUP BY kind, row_key)"
                " WHERE times > 1 GROUP BY kind ORDER BY kind"
            )
        ),
        double_bills=sum(products.double_causes.values()),
        double_bill_causes=dict(products.double_causes),
        double_bill_keys=sorted(products.double_keys),
        double_bill_value=_pounds(products.double_value),
        cli_doubles=_count(connection, _CLI_DOUBLES),
        live=live,
        money_per_month=_pounds(products.per_month),
        loaded_products=products.loaded,
        loaded_money_per_month=_pounds(products.loaded_per_month),
        loaded_money_upfront=_pounds(products.loaded_upfront),
    )


def _out_of_order(connection: sqlite3.Connection) -> int:
    """Files that came for the first time when one of their batch that needs them was loaded."""
    seen: set[tuple[str, str]] = set()
    needed: dict[str, set[str]] = {}  # by batch, the stems that should be in already
    late = 0
    for batch, name, loaded in connection.execute(
        "SELECT batch, name, loaded FROM file ORDER BY id"
    ):
        found = layout_of(name)
        if found is None:
            continue
        before = needed.setdefault(batch, set())
        if (batch, name) not in seen and found[0].stem in before:
            late += 1
        seen.add((batch, name))
        if loaded:
            before.update(found[0].after)
    return late


class _Products:
    """Site products counted in one pass; amounts stay exact until they are printed."""

    def __init__(self, connection: sqlite3.Connection, as_of: date | None) -> None:
        self.live = self.loaded = 0
        self.per_month = self.loaded_per_month = self.loaded_upfront = Decimal(0)
        self.double_value = Decimal(0)
        self.double_causes: Counter[str] = Counter()
        self.double_keys: set[str] = set()
        for (
            quantity,
            price,
            frequency,
            end_on,
            row_key,
            double_bill,
            learnt,
            back,
        ) in connection.execute(
            "SELECT quantity, unit_price, frequency, end_on, row_key,"
            f" CASE WHEN double_bill <> '' AND ({_STILL_DOUBLE}) THEN double_bill ELSE '' END,"
            " learnt, charge_type = 'UPFRONT' AND is_ceased"
            " FROM site_product ORDER BY double_bill, object_uid"
        ):
            value = Decimal(0) if back else Decimal(price) * quantity
            months = _MONTHS.get(frequency)
            is_live = _is_live(end_on, as_of)
            if is_live:
                self.live += 1
                self.per_month += value / months if months else 0
            if not learnt:
                self.loaded += 1
                if months is None:
                    self.loaded_upfront += value
                elif is_live:
                    self.loaded_per_month += value / months
            if double_bill:
                self.double_causes[double_bill] += 1
                self.double_keys.add(row_key)
                self.double_value += value


def holdings(connection: sqlite3.Connection, table: str) -> list[dict[str, object]]:
    """The rows of a table in the order in which they came, fields as columns of their own."""
    found = connection.execute(f"SELECT * FROM {table} ORDER BY rowid")
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, values, strict=True)) for values in found]
    return [row | json.loads(str(row.pop("fields", "{}"))) for row in rows]


def export(connection: sqlite3.Connection, folder: Path, as_of: date | None) -> dict[str, int]:
    """Write `affinity_clis`, `affinity_site_products` and `affinity_products` as feeds (CSV).

    Also `created_refs.csv` (entity, layer_id, ref): what Affinity called the customers, sites and
    products that batches brought, for The Layer to take over. With `as_of`, what ended before is
    left out of the first two.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clis = (
        row
        for row in connection.execute(
            "SELECT site_ref, cli, start_on, end_on FROM cli ORDER BY site_ref, cli, start_on, id"
        )
        if as_of is None or _is_live(row[3], as_of)
    )
    site_products = (
        (*row[:4], row[4].lower(), *row[5:])
        for row in connection.execute(
            "SELECT object_uid, site_ref, cli, product_code, charge_type, quantity, unit_price,"
            " start_on, end_on, row_key FROM site_product ORDER BY object_uid"
        )
        if as_of is None or _is_live(row[8], as_of)
    )
    created = connection.execute(
        "SELECT 'customer', layer_id, ref FROM customer WHERE learnt = 0 UNION ALL"
        " SELECT 'site', layer_id, ref FROM site WHERE learnt = 0 UNION ALL"
        " SELECT 'product', layer_id, code FROM new_product ORDER BY 1, 2, 3"
    )
    codes = (
        (code, name, "true" if is_active else "false", price)
        for code, name, is_active, price in connection.execute(
            "SELECT code, name, is_active, price FROM product_code ORDER BY code"
        )
    )
    return {
        "affinity_clis.csv": _write(
            folder / "affinity_clis.csv", ("site_ref", "cli", "start_on", "end_on"), clis
        ),
        "affinity_site_products.csv": _write(
            folder / "affinity_site_products.csv",
            (
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
            ),
            site_products,
        ),
        "affinity_products.csv": _write(
            folder / "affinity_products.csv",
            ("product_code", "name", "is_active", "price"),
            codes,
        ),
        "created_refs.csv": _write(
            folder / "created_refs.csv", ("entity", "layer_id", "ref"), created
        ),
    }


def _write(path: Path, heading: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(heading)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def _is_live(end_on: str, as_of: date | None) -> bool:
    return not end_on or (as_of is not None and end_on >= as_of.isoformat())


def _count(connection: sqlite3.Connection, statement: str) -> int:
    return int(connection.execute(statement).fetchone()[0])


def _pounds(amount: Decimal) -> str:
    return str(amount.quantize(_PENNY, ROUND_HALF_UP))
