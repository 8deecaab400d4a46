-- The lines whose judgement may be another than the last: what they are judged by has changed (their own
-- records, whatever those point at, the ledger, what Affinity was told), the day alone may decide, or
-- their charges do not stand as they were judged. One too many costs time; one too few would be wrong.
-- Params: $from_day DATE, $to_day DATE, $from_earliest DATE, $to_earliest DATE, $from_latest DATE,
-- $to_latest DATE: the last judgement's and this one's, the earlier first.
CREATE OR REPLACE TABLE work.line_to_judge AS
WITH changed_product AS (
    SELECT key AS product_id FROM work.changed WHERE kind = 'products'
    UNION
    SELECT product.product_id
    FROM core.products AS product
    WHERE
        product.external_sku IN (SELECT key FROM work.changed WHERE kind = 'affinity_products')
        OR product.external_sku_recurring IN (
            SELECT key FROM work.changed WHERE kind = 'affinity_products'
        )
),

changed_order AS (
    SELECT key AS order_id FROM work.changed WHERE kind = 'orders'
    UNION
    SELECT sales_order.order_id
    FROM core.orders AS sales_order
    WHERE sales_order.customer_id IN (SELECT key FROM work.changed WHERE kind = 'customers')
    UNION
    SELECT sales_order.order_id
    FROM core.orders AS sales_order
    WHERE sales_order.site_id IN (SELECT key FROM work.changed WHERE kind = 'sites')
),

changed_asset AS (
    SELECT key AS asset_id FROM work.changed WHERE kind = 'assets'
    UNION
    SELECT asset.asset_id
    FROM core.assets AS asset
    WHERE
        asset.product_id IN (FROM changed_product)
        OR asset.site_id IN (SELECT key FROM work.changed WHERE kind = 'sites')
),

-- a line is about the asset that renewed its own, too
asset_of_some_line AS (
    FROM changed_asset
    UNION
    SELECT renewal.asset_id
    FROM work.renewal AS renewal
    WHERE renewal.renewed_by IN (FROM changed_asset)
),

line AS (
    SELECT key AS line_id FROM work.changed WHERE kind = 'order_lines'
    UNION
    SELECT line_id
    FROM core.order_lines
    WHERE
        order_id IN (FROM changed_order)
        OR product_id IN (FROM changed_product)
        OR site_id IN (SELECT key FROM work.changed WHERE kind = 'sites')
        OR asset_id IN (FROM asset_of_some_line)
        OR target_asset_id IN (FROM changed_asset)
        OR (converted_on > $from_day AND converted_on <= $to_day)
        OR (connected_on > $from_day AND connected_on <= $to_day)
        OR (issued_on > $from_day AND issued_on <= $to_day)
    UNION
    SELECT asset.line_id
    FROM core.assets AS asset
    WHERE asset.asset_id IN (FROM asset_of_some_line)
    UNION
    SELECT line_id
    FROM out.charge
    WHERE
        NOT as_judged
        OR (bill_start_on >= $from_earliest AND bill_start_on < $to_earliest)
        OR (bill_start_on > $from_latest AND bill_start_on <= $to_latest)
    UNION
    -- what begins anew begins today
    SELECT line_id FROM ops.billed WHERE ended_by = 'stop'
    UNION
    -- what other lines, or none, had to say of it
    SELECT line_id
    FROM out.hold
    WHERE reason IN ('cli_conflict', 'suspected_duplicate', 'source_gone', 'layout_unfit')
)

FROM line
WHERE line_id IS NOT NULL;
