-- Every asset above those that one line claims a CLI for; a cycle ends where it closes.
-- Params: $line_id VARCHAR.
WITH RECURSIVE above AS (
    SELECT asset_id, parent_asset_id AS ancestor_id
    FROM core.assets
    WHERE
        parent_asset_id IS NOT NULL
        AND asset_id IN (SELECT asset_id FROM work.claim WHERE line_id = $line_id)
    UNION
    SELECT above.asset_id, asset.parent_asset_id AS ancestor_id
    FROM above
    INNER JOIN core.assets AS asset ON above.ancestor_id = asset.asset_id
    WHERE asset.parent_asset_id IS NOT NULL
)
SELECT asset_id, ancestor_id AS other_id
FROM above
WHERE asset_id <> ancestor_id;
