-- The additional numbers of assets with a ready charge.
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
WHERE
    number.asset_id IN (
        SELECT charge.asset_id FROM out.charge AS charge WHERE charge.disposition = 'ready'
    );
