-- Which asset renews which by itself, of those that are not remembered yet: the same customer, product,
-- site and CLI, begun the day after the other one's cease. One that a line was sold with renews nothing,
-- whatever its mark says: it is billed by that line. Of several that it might renew, it renews that of its
-- own line, or else the one that no New & Cease has replaced; where it is still not one to one, nothing is
-- renewed.
-- Params: none.
CREATE OR REPLACE TEMP TABLE renewal_seen AS
WITH pair AS (
    SELECT
        old.asset_id,
        fresh.asset_id AS renewed_by,
        fresh.connection_on AS begins_on,
        fresh.line_id,
        coalesce(fresh.line_id = old.line_id, FALSE) AS is_same_line
    FROM core.assets AS old
    INNER JOIN core.assets AS fresh
        ON
            fresh.is_auto_renew
            AND fresh.connection_on = old.cease_on + 1
            AND fresh.customer_id = old.customer_id
            AND fresh.product_id = old.product_id
            AND fresh.site_id IS NOT DISTINCT FROM old.site_id
            AND fresh.cli IS NOT DISTINCT FROM old.cli
            AND fresh.asset_id <> old.asset_id
    -- two joins: one with OR would compare every pair with every renewal
    ANTI JOIN ops.renewal AS renewed ON old.asset_id = renewed.asset_id
    ANTI JOIN ops.renewal AS renewal ON fresh.asset_id = renewal.renewed_by
),

sold AS (
    SELECT pair.renewed_by AS asset_id
    FROM pair
    INNER JOIN core.order_lines AS line ON pair.renewed_by = line.asset_id
    UNION
    SELECT min(asset.asset_id) AS asset_id
    FROM core.assets AS asset
    INNER JOIN core.order_lines AS line ON asset.line_id = line.line_id
    SEMI JOIN pair ON asset.line_id = pair.line_id
    WHERE line.asset_id IS NULL
    GROUP BY asset.line_id
    HAVING count(*) = 1
),

likely AS (
    SELECT pair.*
    FROM pair
    ANTI JOIN sold ON pair.renewed_by = sold.asset_id
    QUALIFY is_same_line = bool_or(is_same_line) OVER (PARTITION BY renewed_by)
),

replacing AS (
    SELECT line.line_id, line.asset_id, line.target_asset_id
    FROM core.order_lines AS line
    SEMI JOIN likely ON line.target_asset_id = likely.asset_id
    INNER JOIN core.orders AS sales_order ON line.order_id = sales_order.order_id
    WHERE line.action = 'New & Cease' AND lower(trim(sales_order.status)) <> 'cancelled'
),

replaced AS (
    SELECT line.target_asset_id AS asset_id
    FROM replacing AS line
    INNER JOIN core.assets AS made ON line.asset_id = made.asset_id
    UNION
    SELECT line.target_asset_id AS asset_id
    FROM replacing AS line
    INNER JOIN core.assets AS made ON line.line_id = made.line_id
    WHERE line.asset_id IS NULL
),

likeliest AS (
    SELECT likely.asset_id, likely.renewed_by, likely.begins_on
    FROM likely
    LEFT JOIN replaced ON likely.asset_id = replaced.asset_id
    QUALIFY
        replaced.asset_id IS NOT NULL
        = bool_and(replaced.asset_id IS NOT NULL) OVER (PARTITION BY likely.renewed_by)
)

SELECT asset_id, renewed_by, begins_on
FROM likeliest
QUALIFY
    count(*) OVER (PARTITION BY asset_id) = 1
    AND count(*) OVER (PARTITION BY renewed_by) = 1;
