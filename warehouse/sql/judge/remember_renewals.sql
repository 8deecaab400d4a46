-- Keep which asset renewed which by itself: the same customer, product, site and CLI, begun the day
-- after the other one's cease. One that two would renew is renewed by none. Once seen it stays so, for
-- the new asset may be renumbered or moved later.
-- Params: none.
INSERT INTO ops.renewal
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
ANTI JOIN ops.renewal AS known ON old.asset_id = known.asset_id
GROUP BY old.asset_id
HAVING count(*) = 1;
