"""What no version of the job can do without: read the feeds, store them typed, write as many rows.

`python -m benchmarks.floor FEEDS OUT ROWS` in a process of its own. DuckDB does what it is fastest
at, with the job's memory: no contracts, no reasons, no rules, no ledger, no published copy.
"""

import sys
from pathlib import Path

import duckdb

from schemas.feeds import FEEDS, Column, Feed, Kind
from tasks.contracts.header import match_header

_TYPED = {
    Kind.DATE: "TRY_CAST({} AS DATE)",
    Kind.MONEY: "TRY_CAST(replace({}, '£', '') AS DECIMAL(18, 4))",
    Kind.INTEGER: "TRY_CAST({} AS BIGINT)",
    Kind.QUANTITY: "TRY_CAST({} AS BIGINT)",
    Kind.BOOLEAN: "TRY_CAST({} AS BOOLEAN)",
}

_WRITTEN = """
    COPY (
        SELECT orders.customer_id, line.site_id, line.cli, product.external_sku,
            'RECURRING' AS charge_type, 'ADD' AS action, product.name, line.quantity,
            line.recurring_price, line.billing_frequency, line.connected_on, line.issued_on,
            line.term_months, orders.order_ref, orders.po_ref, line.line_id, line.asset_id,
            left(sha256(line.line_id), 32) AS row_key
        FROM order_lines AS line
        INNER JOIN orders USING (order_id)
        INNER JOIN products AS product USING (product_id)
        ORDER BY ALL LIMIT $rows
    ) TO '{}' (HEADER, DELIMITER ',')
"""


def main() -> None:
    """Read, store, write."""
    feeds, out, rows = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    with duckdb.connect(out / "floor.duckdb", config={"memory_limit": "1GiB"}) as connection:
        connection.execute("SET preserve_insertion_order = false")
        for name, feed in FEEDS.items():
            for path in feeds.glob(f"{name}.*"):
                _store(connection, feed, path)
        connection.execute("CHECKPOINT")
        connection.execute(_WRITTEN.format(out / "floor.csv"), {"rows": rows})


def _store(connection: duckdb.DuckDBPyConnection, feed: Feed, path: Path) -> None:
    reader = (
        f"read_parquet('{path}')"
        if path.suffix == ".parquet"
        else f"read_csv('{path}', all_varchar = true, header = true, delim = ',', quote = '\"', "
        "escape = '\"', ignore_errors = true)"
    )
    header = connection.sql(f"FROM {reader} LIMIT 0").columns
    there = {
        name: f'"{header[int(raw[1:])]}"' for name, raw in match_header(feed, header, {}).items()
    }
    cells = ", ".join(_cell(column, there) for column in feed.columns)
    connection.execute(f"CREATE TABLE {feed.name} AS SELECT {cells} FROM {reader}")


def _cell(column: Column, there: dict[str, str]) -> str:
    text = there.get(column.name, "CAST(NULL AS VARCHAR)")
    return f"{_TYPED.get(column.kind, '{}').format(text)} AS {column.name}"


if __name__ == "__main__":
    main()
