-- What the New & Cease lines replace that became an asset which one line claims a CLI for.
-- Params: $line_id VARCHAR.
WITH claimed AS (
    SELECT DISTINCT asset_id
    FROM work.claim
    WHERE line_id = $line_id
)

SELECT line.asset_id, line.target_asset_id AS other_id
FROM core.order_lines AS line
WHERE
    line.asset_id IN (FROM claimed)
    AND line.action = 'New & Cease'
    AND line.target_asset_id IS NOT NULL
UNION
SELECT of_line.asset_id, line.target_asset_id AS other_id
FROM work.asset_of_line AS of_line
INNER JOIN core.order_lines AS line ON of_line.line_id = line.line_id
WHERE
    of_line.asset_id IN (FROM claimed)
    AND of_line.assets = 1
    AND line.asset_id IS NULL
    AND line.action = 'New & Cease'
    AND line.target_asset_id IS NOT NULL;
