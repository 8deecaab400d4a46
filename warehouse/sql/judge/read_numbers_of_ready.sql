-- The additional numbers that go out with the charges found ready, and what their rows say besides.
SELECT
    charge.line_id,
    charge.charge_type,
    charge.customer_ref,
    charge.site_ref,
    charge.asset_id,
    number.cli,
    number.range_end,
    product.base_category,
    product.needs_cli
FROM out.charge AS charge
INNER JOIN core.asset_numbers AS number ON charge.asset_id = number.asset_id
INNER JOIN core.assets AS asset ON number.asset_id = asset.asset_id
INNER JOIN core.products AS product ON asset.product_id = product.product_id
WHERE charge.disposition = 'ready';
