"""The job in DuckDB: a file database in OUT, everything that can be said in SQL said in SQL.

`python -m benchmarks.rivals.duckdb_job FEEDS OUT AS_OF`
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from benchmarks.rivals.reseller import (
    CLI_FILE,
    CLI_ORDER,
    CLI_PROFILES,
    COUNTED_CATEGORY,
    FURTHEST_MONTHS,
    LARGE_ORDER,
    LONGEST_DESCRIPTION,
    MOST_CLI_CHARACTERS,
    MOST_NUMBERS,
    OWN_NAMES,
    PLATFORM_NAMES,
    PRODUCT_FILE,
    PRODUCT_ORDER,
    SITE_LINK,
    TENANT,
    Found,
    delivered,
    labels_of,
    run,
)
from schemas.feeds import FEEDS, Column, Feed, Kind


def bill(feeds: Path, out: Path, as_of: date) -> Found:
    """Read the feeds, decide, write both files."""
    config = {"memory_limit": "1GiB", "temp_directory": str(out / "spilled")}
    with duckdb.connect(out / "rival.duckdb", config=config) as connection:
        found = bill_in(connection, feeds, out, as_of)
        connection.execute("CHECKPOINT")
    return found


def bill_in(connection: duckdb.DuckDBPyConnection, feeds: Path, out: Path, as_of: date) -> Found:
    """The same in an open database, which afterwards has every charge with all its facts."""
    found = Found()
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(_MACROS)
    for feed, path in delivered(feeds):
        _accept(connection, feed, path, found)
    connection.execute("SET VARIABLE as_of = CAST($as_of AS DATE)", {"as_of": as_of})
    connection.execute(_JUDGING)
    connection.execute(_CLI_ROWS)
    for disposition, charges, value in connection.execute(_SUMS).fetchall():
        found.sum_up(disposition, charges, Decimal(value))
    for table, columns, order, file in (
        ("cli_row", CLI_FILE, CLI_ORDER, "06_clis.csv"),
        ("product_row", PRODUCT_FILE, PRODUCT_ORDER, "08_products.csv"),
    ):
        found.files[file] = _write(connection, table, columns, order, out / file)
    return found


# Records

# white space of any kind; trim() with a list of all of it takes three times as long
_EDGE = r"[\s\pZ]"
_UNREADABLE = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]"
_NATIONAL = "(0[123789][0-9]|05[56])[0-9]{7,8}"

_MACROS = rf"""
    CREATE MACRO trimmed(cell) AS nullif(
        CASE
            WHEN regexp_matches(cell, '^{_EDGE}|{_EDGE}$')
                THEN regexp_replace(cell, '^{_EDGE}+|{_EDGE}+$', '', 'g')
            ELSE cell
        END,
        ''
    );

    CREATE MACRO as_date(cell) AS CASE
        WHEN regexp_full_match(
            cell,
            '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}'
            || '([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?)?'
        ) THEN TRY_CAST(left(cell, 10) AS DATE)
    END;

    CREATE MACRO as_money(cell) AS CASE
        WHEN regexp_full_match(
            cell, '(-?£?|£-)([0-9]{{1,3}}(,[0-9]{{3}})+|[0-9]+)(\.[0-9]{{1,4}})?'
        ) THEN TRY_CAST(replace(replace(cell, '£', ''), ',', '') AS DECIMAL(18, 4))
    END;

    CREATE MACRO as_integer(cell) AS CASE
        WHEN regexp_full_match(cell, '-?[0-9]{{1,18}}') THEN CAST(cell AS BIGINT)
    END;

    CREATE MACRO as_quantity(cell) AS CASE
        WHEN regexp_full_match(cell, '0*[1-9][0-9]*') AND length(cell) <= 18
            THEN CAST(cell AS BIGINT)
    END;

    CREATE MACRO as_boolean(cell) AS CASE
        WHEN lower(cell) IN ('true', 'yes', 'y', '1') THEN TRUE
        WHEN lower(cell) IN ('false', 'no', 'n', '0') THEN FALSE
    END;

    CREATE MACRO cli_profile(base_category, needs_cli) AS CASE lower(base_category)
        {" ".join(f"WHEN '{name}' THEN '{profile}'" for name, profile in CLI_PROFILES.items())}
        ELSE if(coalesce(needs_cli, FALSE), 'uk_number', 'any')
    END;

    CREATE MACRO without_prefix(cell) AS regexp_replace(
        regexp_replace(
            regexp_replace(cell, '[ \x{{a0}}()\[\].\-]', '', 'g'), '^(\+44|0044)0?', '0'
        ),
        '^44([0-9]{{10}})$', '0\1'
    );

    CREATE MACRO uk_number(cell) AS CASE
        WHEN regexp_full_match(cell, '{_NATIONAL}') THEN cell
        WHEN NOT regexp_matches(cell, '\p{{L}}')
            THEN nullif(regexp_extract(without_prefix(cell), '^{_NATIONAL}$'), '')
    END;

    CREATE MACRO clean_cli(cell, profile) AS CASE profile
        WHEN 'uk_number' THEN uk_number(cell)
        WHEN 'any' THEN CASE
            WHEN length(cell) <= {MOST_CLI_CHARACTERS}
                AND NOT regexp_matches(replace(cell, ' ', ''), '[\p{{C}}\p{{Z}}]') THEN cell
        END
    END;

    CREATE MACRO cli_type(cli, profile) AS CASE
        WHEN profile <> 'uk_number' OR left(cli, 3) IN ('070', '076') THEN 'other'
        WHEN left(cli, 2) IN ('01', '02') THEN 'geographic'
        WHEN left(cli, 2) = '07' THEN 'mobile'
        ELSE 'non-geographic'
    END;
"""

_TYPED = {
    Kind.TEXT: "{}",
    Kind.DATE: "as_date({})",
    Kind.MONEY: "as_money({})",
    Kind.INTEGER: "as_integer({})",
    Kind.QUANTITY: "as_quantity({})",
    Kind.BOOLEAN: "as_boolean({})",
}

_SQL_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.DATE: "DATE",
    Kind.MONEY: "DECIMAL(18, 4)",
    Kind.INTEGER: "BIGINT",
    Kind.QUANTITY: "BIGINT",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.CHOICE: "VARCHAR",
}


def _accept(connection: duckdb.DuckDBPyConnection, feed: Feed, path: Path, found: Found) -> None:
    """Store the feed's records typed, then delete those that do not fit."""
    malformed = _store(connection, feed, path)
    (stored,) = _row(connection, f"SELECT count(*) FROM {feed.name}")
    connection.execute(f"DELETE FROM {feed.name} WHERE {_misfit(feed)}")
    connection.execute(f"ALTER TABLE {feed.name} DROP COLUMN is_fit")
    if feed.name == "asset_numbers":
        connection.execute(_DELETE_BAD_RANGES)
    (accepted,) = _row(connection, f"SELECT count(*) FROM {feed.name}")
    found.count(feed.name, accepted=accepted, rejected=malformed + stored - accepted)


def _store(connection: duckdb.DuckDBPyConnection, feed: Feed, path: Path) -> int:
    """Make the feed's table; how many records could not even be split into readable cells."""
    if path.suffix == ".parquet":
        rows = f"read_parquet('{path}')"
        header = connection.sql(f"FROM {rows} LIMIT 0").columns
    else:
        csv = "delim = ',', quote = '\"', escape = '\"', header = true"
        header = connection.sql(
            f"FROM read_csv('{path}', {csv}, all_varchar = true, ignore_errors = true) LIMIT 0"
        ).columns
        columns = ", ".join(f"'{label}': 'VARCHAR'" for label in header)
        rows = (
            f"read_csv('{path}', {csv}, auto_detect = false, columns = {{{columns}}}, "
            "store_rejects = true, rejects_table = 'malformed', rejects_scan = 'malformed_scan')"
        )
    labels = labels_of(feed, header)
    connection.execute(
        f"CREATE TABLE {feed.name} AS SELECT {_typed(feed, labels)}, "
        f"coalesce({_fits(feed, labels)}, TRUE) AS is_fit "
        f"FROM (SELECT {_cells(labels)} FROM {rows})"
    )
    if path.suffix == ".parquet":
        return 0
    (malformed,) = _row(connection, "SELECT count(DISTINCT line) FROM malformed")
    connection.execute("DELETE FROM malformed")
    return int(malformed)


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row


def _cells(labels: Mapping[str, str]) -> str:
    trimmed = [f'trimmed("{label}") AS {name}' for name, label in labels.items()]
    texts = ", ".join(f'"{label}"' for label in labels.values())
    return ", ".join([*trimmed, f"concat({texts}) AS whole_record"])


def _typed(feed: Feed, labels: Mapping[str, str]) -> str:
    return ", ".join(
        f"{_cell(column)} AS {column.name}"
        if column.name in labels
        else f"CAST(NULL AS {_SQL_TYPES[column.kind]}) AS {column.name}"
        for column in feed.columns
    )


def _cell(column: Column) -> str:
    if column.kind is Kind.CHOICE:
        choices = " ".join(f"WHEN '{each.lower()}' THEN '{each}'" for each in column.choices)
        return f"CASE lower({column.name}) {choices} END"
    return _TYPED[column.kind].format(column.name)


def _fits(feed: Feed, labels: Mapping[str, str]) -> str:
    """Whether a record fits by itself; true or null where it does."""
    fits = [f"NOT regexp_matches(whole_record, '{_UNREADABLE}')"]
    for column in feed.columns:
        if column.name not in labels:
            continue
        if column.must_have_value:
            fits.append(f"{column.name} IS NOT NULL")
        if column.kind is Kind.MONEY:
            fits.append(f"({column.name} IS NULL OR coalesce({_cell(column)} >= 0, FALSE))")
        elif column.kind is not Kind.TEXT:
            fits.append(f"({column.name} IS NULL OR {_cell(column)} IS NOT NULL)")
    return " AND ".join(fits)


def _misfit(feed: Feed) -> str:
    """Which records go: unfit by themselves, of a doubled key, or pointing at nothing."""
    signs = ["NOT is_fit"]
    if feed.keys:
        key = f"({', '.join(feed.keys)})"
        readable = " AND ".join(f"{name} IS NOT NULL" for name in feed.keys)
        signs.append(
            f"{key} IN (SELECT {key} FROM {feed.name} WHERE {readable} "
            f"GROUP BY {', '.join(feed.keys)} HAVING count(*) > 1)"
        )
    for column in feed.columns:
        if column.references is not None:
            parent = FEEDS[column.references]
            signs.append(
                f"({column.name} IS NOT NULL "
                f"AND {column.name} NOT IN (SELECT {parent.keys[0]} FROM {parent.name}))"
            )
    return " OR ".join(signs)


_DELETE_BAD_RANGES = f"""
    DELETE FROM asset_numbers WHERE rowid IN (
        WITH cleaned AS (
            SELECT
                number.rowid AS number_id,
                number.asset_id,
                number.range_end IS NOT NULL AS has_end,
                cli_profile(product.base_category, product.needs_cli) AS profile,
                clean_cli(number.cli, profile) AS first,
                clean_cli(number.range_end, profile) AS last
            FROM asset_numbers AS number
            INNER JOIN assets AS asset ON number.asset_id = asset.asset_id
            INNER JOIN products AS product ON asset.product_id = product.product_id
            WHERE profile <> 'none'
        ),
        judged AS (
            SELECT
                number_id,
                asset_id,
                first IS NULL OR (has_end AND NOT coalesce(
                    regexp_full_match(first, '[0-9]+') AND regexp_full_match(last, '[0-9]+')
                    AND length(first) = length(last) AND first < last, FALSE
                )) AS is_bad,
                CASE
                    WHEN has_end THEN coalesce(
                        TRY_CAST(last AS HUGEINT) - TRY_CAST(first AS HUGEINT) + 1,
                        {MOST_NUMBERS + 1}
                    )
                    ELSE 1
                END AS numbers
            FROM cleaned
        )
        SELECT number_id
        FROM judged
        QUALIFY
            is_bad
            OR sum(numbers) FILTER (NOT is_bad) OVER (PARTITION BY asset_id) > {MOST_NUMBERS}
    )
"""

# Charges


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


_JUDGING = f"""
    CREATE TEMP TABLE site_ref AS
    SELECT site_id, count(DISTINCT ref) AS refs, min(ref) AS site_ref
    FROM (
        SELECT site_id, integration_id AS ref FROM sites
        UNION ALL
        SELECT entity_id, integration_id
        FROM application_links
        WHERE entity_type = {SITE_LINK} AND lower(application_name) IN ({_listed(PLATFORM_NAMES)})
    )
    GROUP BY site_id;

    CREATE TEMP TABLE asset_of_line AS
    SELECT line.line_id, coalesce(line.asset_id, sole.asset_id) AS asset_id
    FROM order_lines AS line
    LEFT JOIN (
        SELECT line_id, min(asset_id) AS asset_id
        FROM assets
        WHERE line_id IS NOT NULL
        GROUP BY line_id
        HAVING count(*) = 1
    ) AS sole ON line.line_id = sole.line_id;

    CREATE TEMP TABLE line_fact AS
    SELECT
        line.line_id,
        line.action,
        line.quantity,
        line.bill_start_override,
        line.connected_on,
        line.issued_on,
        line.upfront_bill_status,
        line.recurring_bill_status,
        CASE WHEN line.term_months >= 1 THEN line.term_months END AS term_months,
        line.target_asset_id,
        line.target_asset_id IN (SELECT asset_id FROM assets) AS target_is_known,
        coalesce(line.upfront_do_not_bill, FALSE) OR coalesce(asset.do_not_bill, FALSE)
            AS upfront_do_not_bill,
        coalesce(line.recurring_do_not_bill, FALSE) OR coalesce(asset.do_not_bill, FALSE)
            AS recurring_do_not_bill,
        coalesce(line.upfront_price, product.upfront_price) AS upfront_price,
        coalesce(line.recurring_price, product.recurring_price) AS recurring_price,
        coalesce(line.billing_frequency, product.billing_frequency) AS frequency,
        coalesce(
            asset.upfront_billing_route, line.upfront_billing_route, product.upfront_billing_route
        ) AS upfront_route,
        coalesce(
            asset.recurring_billing_route,
            line.recurring_billing_route,
            product.recurring_billing_route
        ) AS recurring_route,
        sale.order_ref,
        sale.po_ref,
        lower(sale.status) = 'cancelled' AS order_is_cancelled,
        sale.customer_id,
        customer.status AS customer_status,
        customer.integration_id AS customer_ref,
        line.product_id,
        product.name AS product_name,
        product.item_type,
        product.external_sku,
        coalesce(product.external_sku_recurring, product.external_sku) AS external_sku_recurring,
        coalesce(product.needs_cli, FALSE) AS needs_cli,
        coalesce(product.fixed_billing, FALSE) AS fixed_billing,
        lower(product.base_category) AS base_category,
        cli_profile(product.base_category, product.needs_cli) AS profile,
        coalesce(asset.cli, line.cli) AS cli_text,
        clean_cli(cli_text, profile) AS cli,
        asset.asset_id,
        asset.customer_id AS asset_customer_id,
        asset.product_id AS asset_product_id,
        asset.is_live,
        asset.connection_on,
        asset.cease_on,
        asset_product.item_type AS asset_item_type,
        site.site_id,
        site.customer_id AS site_customer_id,
        site_ref.refs AS site_refs,
        site_ref.site_ref
    FROM order_lines AS line
    INNER JOIN orders AS sale ON line.order_id = sale.order_id
    INNER JOIN customers AS customer ON sale.customer_id = customer.customer_id
    INNER JOIN products AS product ON line.product_id = product.product_id
    INNER JOIN asset_of_line ON line.line_id = asset_of_line.line_id
    LEFT JOIN assets AS asset ON asset_of_line.asset_id = asset.asset_id
    LEFT JOIN products AS asset_product ON asset.product_id = asset_product.product_id
    LEFT JOIN sites AS site
        ON site.site_id = coalesce(asset.site_id, line.site_id, sale.site_id)
    LEFT JOIN site_ref ON site.site_id = site_ref.site_id;

    CREATE TEMP TABLE charge_fact AS
    WITH priced AS (
        SELECT
            'upfront' AS charge_type,
            upfront_price AS unit_price,
            coalesce(upfront_route, '{OWN_NAMES[0]}') AS route,
            external_sku AS sku,
            upfront_bill_status AS bill_status,
            upfront_do_not_bill AS do_not_bill,
            CAST(NULL AS VARCHAR) AS charge_frequency,
            coalesce(bill_start_override, CASE item_type
                WHEN 'Service' THEN coalesce(connected_on, connection_on)
                ELSE issued_on
            END) AS bill_start_on,
            *
        FROM line_fact
        UNION ALL
        SELECT
            'recurring',
            recurring_price,
            coalesce(recurring_route, '{OWN_NAMES[0]}'),
            external_sku_recurring,
            recurring_bill_status,
            recurring_do_not_bill,
            frequency,
            coalesce(bill_start_override, CASE item_type
                WHEN 'Service' THEN coalesce(connection_on, connected_on)
            END),
            *
        FROM line_fact
    ),
    routed AS (
        SELECT
            priced.*,
            CASE
                WHEN lower(route) IN ({_listed(PLATFORM_NAMES)}) THEN 'platform'
                WHEN lower(route) IN ({_listed(OWN_NAMES)}) THEN 'own'
                WHEN lower(route) IN (SELECT lower(name) FROM billing_platforms) THEN 'other'
            END AS route_kind,
            CASE item_type WHEN 'Service' THEN connected_on ELSE issued_on END AS trigger_on
        FROM priced
    )
    SELECT
        charge_type,
        line_id,
        customer_id,
        site_id,
        product_id,
        asset_id,
        asset_item_type,
        target_asset_id,
        action,
        connection_on,
        cease_on,
        quantity,
        unit_price,
        quantity * CAST(unit_price AS DECIMAL(38, 4)) AS value,
        route,
        sku,
        cli,
        cli_type(cli, profile) AS cli_type,
        charge_frequency AS frequency,
        bill_start_on,
        coalesce(cease_on, CASE
            WHEN charge_type = 'recurring' AND fixed_billing
                THEN CAST(bill_start_on + to_months(term_months) - INTERVAL 1 DAY AS DATE)
        END) AS bill_end_on,
        term_months,
        product_name,
        order_ref,
        po_ref,
        customer_ref,
        site_ref,
        CASE
            WHEN bill_status = 'In Billing' THEN 'in_billing'
            WHEN order_is_cancelled OR (customer_status = 'Cancelled' AND asset_id IS NULL)
                THEN 'cancelled'
            WHEN action = 'Update' THEN 'amendment'
            WHEN coalesce(unit_price, 0) = 0 THEN 'not_applicable'
            WHEN route_kind IS NULL THEN 'held'
            WHEN route_kind = 'own' THEN 'billed_in_layer'
            WHEN route_kind = 'other' THEN 'other_platform'
            WHEN do_not_bill THEN 'do_not_bill'
            WHEN asset_id IS NULL OR trigger_on IS NULL OR trigger_on > getvariable('as_of')
                THEN 'waiting'
            WHEN charge_type = 'recurring' AND item_type = 'Product' THEN 'held'
            WHEN sku IS NULL OR sku NOT IN (
                SELECT product_code FROM affinity_products WHERE coalesce(is_active, TRUE)
            ) THEN 'held'
            WHEN customer_ref IS NULL OR customer_status = 'Cancelled' THEN 'held'
            WHEN site_id IS NULL OR site_refs <> 1 OR site_customer_id <> customer_id THEN 'held'
            WHEN asset_product_id <> product_id OR asset_customer_id <> customer_id THEN 'held'
            WHEN NOT is_live THEN 'held'
            WHEN action = 'New & Cease' AND NOT coalesce(target_is_known, FALSE) THEN 'held'
            WHEN needs_cli AND (cli_text IS NULL OR profile = 'none') THEN 'held'
            WHEN cli_text IS NOT NULL AND profile <> 'none' AND cli IS NULL THEN 'held'
            WHEN bill_start_on IS NULL OR bill_start_on > cease_on THEN 'held'
            WHEN bill_start_on < getvariable('as_of') - INTERVAL {FURTHEST_MONTHS} MONTH
                OR bill_start_on > getvariable('as_of') + INTERVAL {FURTHEST_MONTHS} MONTH
                THEN 'held'
            WHEN charge_type = 'recurring' AND charge_frequency IS NULL THEN 'held'
            WHEN length(product_name) > {LONGEST_DESCRIPTION} THEN 'held'
            WHEN base_category = '{COUNTED_CATEGORY}' AND quantity >= {LARGE_ORDER} THEN 'held'
            ELSE 'ready'
        END AS disposition
    FROM routed;

    CREATE TEMP TABLE contested AS
    WITH RECURSIVE life AS (
        SELECT
            asset.asset_id,
            clean_cli(asset.cli, cli_profile(product.base_category, product.needs_cli)) AS cli,
            coalesce(asset.connection_on, DATE '0001-01-01') AS starts,
            coalesce(asset.cease_on, DATE '9999-12-31') AS ends
        FROM assets AS asset
        INNER JOIN products AS product ON asset.product_id = product.product_id
        WHERE asset.is_live AND asset.parent_asset_id IS NULL AND product.item_type = 'Service'
    ),
    claim AS (
        SELECT DISTINCT
            asset_id,
            cli,
            coalesce(connection_on, DATE '0001-01-01') AS starts,
            coalesce(cease_on, DATE '9999-12-31') AS ends
        FROM charge_fact
        WHERE
            disposition IN ('held', 'ready')
            AND cli IS NOT NULL
            AND asset_item_type = 'Service'
    ),
    pair AS (
        SELECT claim.asset_id, claim.cli, life.asset_id AS other_id
        FROM claim
        INNER JOIN life ON claim.cli = life.cli
        WHERE
            claim.asset_id <> life.asset_id
            AND claim.starts <= claim.ends
            AND life.starts <= life.ends
            AND life.starts <= claim.ends
            AND life.ends >= claim.starts
    ),
    above AS (
        SELECT pair.asset_id, asset.parent_asset_id AS other_id
        FROM pair
        INNER JOIN assets AS asset ON pair.asset_id = asset.asset_id
        WHERE asset.parent_asset_id IS NOT NULL
        UNION
        SELECT above.asset_id, asset.parent_asset_id
        FROM above
        INNER JOIN assets AS asset ON above.other_id = asset.asset_id
        WHERE asset.parent_asset_id IS NOT NULL
    ),
    replaced AS (
        SELECT of_line.asset_id, line.target_asset_id AS other_id
        FROM order_lines AS line
        INNER JOIN asset_of_line AS of_line ON line.line_id = of_line.line_id
        WHERE line.action = 'New & Cease' AND line.target_asset_id IS NOT NULL
    )
    SELECT DISTINCT asset_id, cli
    FROM pair
    ANTI JOIN above USING (asset_id, other_id)
    ANTI JOIN replaced USING (asset_id, other_id);

    UPDATE charge_fact SET disposition = 'held'
    FROM contested
    WHERE
        charge_fact.asset_id = contested.asset_id
        AND charge_fact.cli = contested.cli
        AND charge_fact.disposition = 'ready';

    UPDATE charge_fact SET disposition = 'held'
    FROM (
        SELECT site_id, cli, sku, charge_type, bill_start_on
        FROM charge_fact
        WHERE disposition = 'ready' AND cli IS NOT NULL
        GROUP BY ALL
        HAVING count(*) > 1
    ) AS twin
    WHERE
        charge_fact.site_id = twin.site_id
        AND charge_fact.cli = twin.cli
        AND charge_fact.sku = twin.sku
        AND charge_fact.charge_type = twin.charge_type
        AND charge_fact.bill_start_on = twin.bill_start_on
        AND charge_fact.disposition = 'ready';

    CREATE TABLE charge AS
    SELECT
        line_id, charge_type, customer_id, site_id, product_id, route, disposition, quantity,
        unit_price, value, frequency, bill_start_on, cli, sku
    FROM charge_fact;

    CREATE TEMP TABLE ready AS
    FROM charge_fact
    WHERE disposition = 'ready';

    CREATE TEMP VIEW product_row AS
    SELECT * REPLACE (
        upper(charge_type) AS charge_type,
        if(charge_type = 'upfront', 'ONE_OFF', upper(frequency)) AS frequency,
        strftime(bill_start_on, '%d/%m/%Y') AS bill_start_on,
        strftime(bill_end_on, '%d/%m/%Y') AS bill_end_on,
        'ADD' AS action
    ),
    left(sha256(concat_ws('|', '{TENANT}', 'product', line_id, charge_type, 'add')), 32) AS row_key
    FROM ready;
"""

_SUMS = """
    SELECT disposition, count(*), CAST(coalesce(sum(value), 0) AS VARCHAR)
    FROM charge
    GROUP BY disposition
"""

# Files

_CLI_ROWS = f"""
    CREATE TEMP TABLE live AS
    SELECT
        site_ref,
        coalesce(uk_number(cli), cli) AS cli,
        max(coalesce(end_on, DATE '9999-12-31')) AS until_on
    FROM affinity_clis
    GROUP BY ALL;

    CREATE TEMP TABLE needed AS
    SELECT
        site_ref,
        cli,
        min(customer_ref) AS customer_ref,
        coalesce(min(cli_type) FILTER (cli_type <> 'other'), 'other') AS cli_type,
        min(bill_start_on) AS start_on,
        min(asset_id) AS asset_id
    FROM ready
    WHERE cli IS NOT NULL
    GROUP BY site_ref, cli;

    CREATE TEMP TABLE additional AS
    WITH hangs_on AS (
        SELECT
            ready.asset_id,
            ready.site_ref,
            min(ready.customer_ref) AS customer_ref,
            coalesce(min(needed.start_on), min(ready.bill_start_on)) AS start_on
        FROM ready
        LEFT JOIN needed ON ready.site_ref = needed.site_ref AND ready.cli = needed.cli
        GROUP BY ready.asset_id, ready.site_ref
    ),
    number AS (
        SELECT number.*, cli_profile(product.base_category, product.needs_cli) AS profile
        FROM asset_numbers AS number
        INNER JOIN assets AS asset ON number.asset_id = asset.asset_id
        INNER JOIN products AS product ON asset.product_id = product.product_id
    )
    SELECT
        hangs_on.site_ref,
        clean_cli(number.cli, number.profile) AS cli,
        hangs_on.customer_ref,
        cli_type(clean_cli(number.cli, number.profile), number.profile) AS cli_type,
        coalesce(number.start_on, hangs_on.start_on) AS start_on,
        number.asset_id,
        clean_cli(number.range_end, number.profile) AS range_end,
        number.end_on
    FROM number
    INNER JOIN hangs_on ON number.asset_id = hangs_on.asset_id
    WHERE number.profile <> 'none';

    CREATE TEMP VIEW cli_row AS
    WITH main AS (
        SELECT
            needed.*,
            (
                SELECT arg_min(
                    additional.range_end,
                    (additional.start_on, additional.asset_id, additional.range_end)
                ) FILTER (additional.range_end IS NOT NULL)
                FROM additional
                WHERE needed.site_ref = additional.site_ref AND needed.cli = additional.cli
            ) AS range_end,
            CAST(NULL AS DATE) AS end_on
        FROM needed
        ANTI JOIN live ON
            needed.site_ref = live.site_ref
            AND needed.cli = live.cli
            AND needed.start_on <= live.until_on
    ),
    added AS (
        SELECT DISTINCT ON (site_ref, cli) *
        FROM additional
        ORDER BY site_ref, cli, start_on, asset_id, range_end NULLS LAST
    ),
    chosen AS (
        FROM main
        UNION ALL BY NAME
        SELECT added.*
        FROM added
        ANTI JOIN live ON
            added.site_ref = live.site_ref
            AND added.cli = live.cli
            AND added.start_on <= live.until_on
        ANTI JOIN main ON added.site_ref = main.site_ref AND added.cli = main.cli
    )
    SELECT * REPLACE (
        strftime(start_on, '%d/%m/%Y') AS start_on,
        strftime(end_on, '%d/%m/%Y') AS end_on
    ),
    'ADD' AS action,
    NULL AS previous_cli,
    left(
        sha256(
            concat_ws(
                '|', '{TENANT}', 'cli', site_ref, cli, 'add', strftime(start_on, '%Y-%m-%d')
            )
        ),
        32
    ) AS row_key
    FROM chosen;
"""


def _write(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, str],
    order: Iterable[str],
    path: Path,
) -> int:
    """Write a file for Affinity; how many rows it has."""
    cells = ", ".join(f'{name} AS "{header}"' for header, name in columns.items())
    by = ", ".join(f"{name} NULLS FIRST" for name in order)
    return _row(
        connection,
        f"COPY (SELECT {cells} FROM {table} ORDER BY {by}) "
        f"TO '{path}' (FORMAT csv, HEADER, DELIMITER ',', NEW_LINE '\\r\\n')",
    )[0]


if __name__ == "__main__":
    run(bill)
