-- The renewals of each asset, followed to the last that has begun, and the one it will come to, where
-- that has not begun yet.
-- Params: $as_of DATE. renewal_seen is made.
CREATE OR REPLACE TABLE work.renewal AS
WITH RECURSIVE step AS (
    SELECT asset_id, renewed_by, TRUE AS has_begun
    FROM ops.renewal
    UNION ALL
    SELECT asset_id, renewed_by, FALSE
    FROM renewal_seen
    WHERE begins_on > $as_of
),

chain AS (
    FROM step
    UNION
    SELECT chain.asset_id, step.renewed_by, chain.has_begun AND step.has_begun
    FROM chain
    INNER JOIN step ON chain.renewed_by = step.asset_id
)

SELECT
    chain.asset_id,
    chain.renewed_by,
    chain.has_begun AND NOT coalesce(beyond.has_begun, FALSE) AS is_last,
    NOT chain.has_begun AS is_to_come
FROM chain
LEFT JOIN step AS beyond ON chain.renewed_by = beyond.asset_id
WHERE chain.has_begun OR beyond.asset_id IS NULL;
