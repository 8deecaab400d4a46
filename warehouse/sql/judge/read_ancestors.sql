-- Every asset above each asset that has a parent; a cycle ends where it closes. /* listed only */ stands for
-- a condition by which a few assets are asked about.
WITH RECURSIVE above AS (
    SELECT asset_id, parent_asset_id AS ancestor_id
    FROM core.assets
    WHERE
        parent_asset_id IS NOT NULL
        /* listed only */
    UNION
    SELECT above.asset_id, asset.parent_asset_id AS ancestor_id
    FROM above
    INNER JOIN core.assets AS asset ON above.ancestor_id = asset.asset_id
    WHERE asset.parent_asset_id IS NOT NULL
)
SELECT asset_id, ancestor_id AS other_id
FROM above
WHERE asset_id <> ancestor_id;
