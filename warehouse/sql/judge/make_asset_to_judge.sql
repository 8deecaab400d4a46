-- The assets that may live by another CLI than at the last judgement: they or their products have changed.
-- Params: none.
CREATE OR REPLACE TABLE work.asset_to_judge AS
SELECT key AS asset_id FROM work.changed WHERE kind = 'assets' AND key IS NOT NULL
UNION
SELECT asset.asset_id
FROM core.assets AS asset
WHERE asset.product_id IN (SELECT key FROM work.changed WHERE kind = 'products');
