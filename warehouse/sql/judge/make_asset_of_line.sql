-- How many accepted assets name each line, and which one where it is one.
-- Of a line that Affinity bills, an asset that only renews another one does not count.
CREATE OR REPLACE TABLE work.asset_of_line AS
SELECT
    asset.line_id,
    count(*) AS assets,
    min(asset.asset_id) AS asset_id,
    count(*) FILTER (renewal.renewed_by IS NULL) AS first_assets,
    min(asset.asset_id) FILTER (renewal.renewed_by IS NULL) AS first_asset_id
FROM core.assets AS asset
LEFT JOIN (
    SELECT DISTINCT renewed_by FROM work.renewal
) AS renewal ON asset.asset_id = renewal.renewed_by
WHERE asset.line_id IS NOT NULL
GROUP BY asset.line_id;
