-- The additional numbers of assets that Affinity bills a recurring charge of.
-- Params: none.
SELECT
    number.asset_id,
    number.cli,
    number.range_end,
    number.start_on,
    number.end_on,
    product.base_category,
    product.needs_cli
FROM core.asset_numbers AS number
INNER JOIN core.assets AS asset ON number.asset_id = asset.asset_id
INNER JOIN core.products AS product ON asset.product_id = product.product_id
SEMI JOIN (
    SELECT asset_id FROM ops.billed WHERE charge_type = 'recurring'
) AS billed ON number.asset_id = billed.asset_id;
