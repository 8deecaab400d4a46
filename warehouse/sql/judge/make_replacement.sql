-- Which asset a New & Cease line replaces, and by which line: the last day of the old one is the day
-- before the new one is connected. Of several lines the one that connects first.
CREATE OR REPLACE TABLE work.replacement AS
SELECT
    line.target_asset_id AS asset_id,
    min_by(line.line_id, (asset.connection_on, line.line_id)) AS line_id,
    min(asset.connection_on) - 1 AS last_day
FROM core.order_lines AS line
LEFT JOIN work.asset_of_line AS of_line
    ON line.asset_id IS NULL AND line.line_id = of_line.line_id AND of_line.assets = 1
INNER JOIN core.orders AS sales_order ON line.order_id = sales_order.order_id
INNER JOIN core.assets AS asset ON asset.asset_id = coalesce(line.asset_id, of_line.asset_id)
WHERE
    line.action = 'New & Cease'
    AND line.target_asset_id IS NOT NULL
    AND line.target_asset_id <> asset.asset_id
    AND asset.connection_on IS NOT NULL
    AND lower(trim(sales_order.status)) <> 'cancelled'
GROUP BY line.target_asset_id;
