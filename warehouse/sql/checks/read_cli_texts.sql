-- The CLI texts of each line that has any, from quotation to asset, and how its product reads them.
-- Of several quotation lines with a CLI the one modified last speaks.
SELECT
    line.line_id,
    sales_order.customer_id,
    line.product_id,
    product.base_category,
    product.needs_cli,
    quotation.line_id IS NOT NULL AS has_quotation,
    asset.asset_id IS NOT NULL AS has_asset,
    quotation.cli AS quotation_text,
    line.cli AS order_text,
    asset.cli AS asset_text
FROM core.order_lines AS line
INNER JOIN core.orders AS sales_order ON line.order_id = sales_order.order_id
INNER JOIN core.products AS product ON line.product_id = product.product_id
LEFT JOIN (
    SELECT
        line_id,
        arg_max(cli, (coalesce(modified_at, ''), quotation_line_id)) FILTER (cli IS NOT NULL) AS cli
    FROM core.quotation_lines
    WHERE line_id IS NOT NULL
    GROUP BY line_id
) AS quotation ON line.line_id = quotation.line_id
LEFT JOIN work.asset_of_line AS of_line
    ON line.asset_id IS NULL AND line.line_id = of_line.line_id
LEFT JOIN core.assets AS asset
    ON
        asset.asset_id
        = coalesce(line.asset_id, CASE WHEN of_line.assets = 1 THEN of_line.asset_id END)
WHERE quotation.cli IS NOT NULL OR line.cli IS NOT NULL OR asset.cli IS NOT NULL;
