-- Every accepted asset, with or without an order line, and what its product's scope needs.
-- Its line is the one it names, else the first that names it.
SELECT
    record.asset_id AS record_key,
    coalesce(record.line_id, naming.line_id) AS line_id,
    record.customer_id,
    record.product_id,
    product.base_category,
    TRUE AS has_asset
    /* rule columns */
FROM core.assets AS record
INNER JOIN core.products AS product ON record.product_id = product.product_id
LEFT JOIN (
    SELECT asset_id, min(line_id) AS line_id
    FROM core.order_lines
    WHERE asset_id IS NOT NULL
    GROUP BY asset_id
) AS naming ON record.asset_id = naming.asset_id;
