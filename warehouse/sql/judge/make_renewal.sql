-- The renewals we know of, followed to the last.
-- Params: none.
CREATE OR REPLACE TABLE work.renewal AS
WITH RECURSIVE chain AS (
    SELECT asset_id, renewed_by
    FROM ops.renewal
    UNION
    SELECT chain.asset_id, step.renewed_by
    FROM chain
    INNER JOIN ops.renewal AS step ON chain.renewed_by = step.asset_id
)
SELECT
    chain.asset_id,
    chain.renewed_by,
    step.asset_id IS NULL AS is_last
FROM chain
LEFT JOIN ops.renewal AS step ON chain.renewed_by = step.asset_id;
