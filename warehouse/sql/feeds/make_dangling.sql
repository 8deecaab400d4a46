-- References that may dangle: a warning each, never a reject.
CREATE OR REPLACE TABLE work.dangling AS
SELECT 'assets.line_id' AS subject, 'names a line that is not there' AS warning, count(*) AS records
FROM core.assets AS asset
ANTI JOIN core.order_lines AS line ON asset.line_id = line.line_id
WHERE asset.line_id IS NOT NULL
UNION ALL
SELECT 'assets.parent_asset_id', 'names an asset that is not there', count(*)
FROM core.assets AS asset
ANTI JOIN core.assets AS parent ON asset.parent_asset_id = parent.asset_id
WHERE asset.parent_asset_id IS NOT NULL
UNION ALL
SELECT 'sites.parent_site_id', 'names a site that is not there', count(*)
FROM core.sites AS site
ANTI JOIN core.sites AS parent ON site.parent_site_id = parent.site_id
WHERE site.parent_site_id IS NOT NULL
UNION ALL
SELECT 'quotation_lines.customer_id', 'names a customer that is not there', count(*)
FROM core.quotation_lines AS quotation
ANTI JOIN core.customers AS customer ON quotation.customer_id = customer.customer_id
WHERE quotation.customer_id IS NOT NULL
UNION ALL
SELECT 'quotation_lines.line_id', 'names a line that is not there', count(*)
FROM core.quotation_lines AS quotation
ANTI JOIN core.order_lines AS line ON quotation.line_id = line.line_id
WHERE quotation.line_id IS NOT NULL
UNION ALL
SELECT 'quotation_lines.product_id', 'names a product that is not there', count(*)
FROM core.quotation_lines AS quotation
ANTI JOIN core.products AS product ON quotation.product_id = product.product_id;
