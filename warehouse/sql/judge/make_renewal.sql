-- Which asset renews which by itself, followed to the last: the same customer, product, site and CLI,
-- begun the day after the other one's cease. One that two would renew is renewed by none.
CREATE OR REPLACE TABLE work.renewal AS
WITH RECURSIVE step AS (
    SELECT
        old.asset_id,
        min(fresh.asset_id) AS renewed_by
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
    GROUP BY old.asset_id
    HAVING count(*) = 1
),
chain AS (
    SELECT asset_id, renewed_by
    FROM step
    UNION
    SELECT chain.asset_id, step.renewed_by
    FROM chain
    INNER JOIN step ON chain.renewed_by = step.asset_id
)
SELECT
    chain.asset_id,
    chain.renewed_by,
    step.asset_id IS NULL AS is_last
FROM chain
LEFT JOIN step ON chain.renewed_by = step.asset_id;
