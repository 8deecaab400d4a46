-- The additional numbers of assets that Affinity bills a recurring charge of, or is to, and of those that they
-- renewed.
-- Params: none.
WITH number AS (
    FROM core.asset_numbers
    UNION ALL
    SELECT renewed.* REPLACE (renewal.renewed_by AS asset_id)
    FROM core.asset_numbers AS renewed
    INNER JOIN work.renewal AS renewal ON renewed.asset_id = renewal.asset_id
)

SELECT
    number.asset_id,
    number.cli,
    number.range_end,
    number.start_on,
    number.end_on,
    product.base_category,
    product.needs_cli
FROM number
INNER JOIN core.assets AS asset ON number.asset_id = asset.asset_id
INNER JOIN core.products AS product ON asset.product_id = product.product_id
SEMI JOIN (
    SELECT asset_id FROM ops.billed WHERE charge_type = 'recurring'
    UNION ALL
    SELECT asset_id FROM out.charge WHERE charge_type = 'recurring' AND disposition = 'ready'
    UNION ALL
    SELECT asset_id FROM out.due_product WHERE charge_type = 'recurring' AND action = 'ADD'
) AS billed ON number.asset_id = billed.asset_id;
