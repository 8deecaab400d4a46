-- What the New & Cease lines replace that became an asset which one line claims a CLI for.
-- Params: $line_id VARCHAR.
SELECT DISTINCT
    coalesce(line.asset_id, of_line.asset_id) AS asset_id,
    line.target_asset_id AS other_id
FROM core.order_lines AS line
LEFT JOIN work.asset_of_line AS of_line
    ON line.asset_id IS NULL AND line.line_id = of_line.line_id AND of_line.assets = 1
WHERE
    line.action = 'New & Cease'
    AND line.target_asset_id IS NOT NULL
    AND coalesce(line.asset_id, of_line.asset_id)
    IN (SELECT asset_id FROM work.claim WHERE line_id = $line_id);
