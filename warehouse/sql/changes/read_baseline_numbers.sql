-- The additional numbers of what was billed when we first looked, as The Layer writes them.
-- Params: none.
SELECT
    now.site_ref,
    number.cli,
    min(coalesce(number.start_on, now.bill_start_on)) AS start_on,
    min(now.customer_ref) AS customer_ref,
    min(number.range_end) AS range_end,
    max(number.end_on) AS end_on,
    min(number.asset_id) AS asset_id,
    min(product.base_category) AS base_category,
    bool_or(product.needs_cli) AS needs_cli
FROM out.now_charge AS now
INNER JOIN core.asset_numbers AS number ON now.asset_id = number.asset_id
INNER JOIN core.assets AS asset ON number.asset_id = asset.asset_id
INNER JOIN core.products AS product ON asset.product_id = product.product_id
ANTI JOIN ops.billed AS billed
    ON now.line_id = billed.line_id AND now.charge_type = billed.charge_type
WHERE now.is_baseline AND now.site_ref IS NOT NULL AND now.bill_start_on IS NOT NULL
GROUP BY now.site_ref, number.cli;
