-- How lines are read, where that is not just once, as new:
-- `billed`, the asset counts as it is today; `asset`, the same by the asset's own product; `seen`, The
-- Layer calls it In Billing and Affinity was not told of it. A billed line whose asset was renewed is
-- split: what is not billed of it is read as `new`, for it was sold with the first asset.
-- Params: none.
CREATE OR REPLACE TABLE work.reading AS
WITH renewed AS (
    SELECT line.line_id
    FROM core.order_lines AS line
    SEMI JOIN work.renewal AS renewal ON line.asset_id = renewal.asset_id
    UNION
    SELECT asset.line_id
    FROM core.assets AS asset
    SEMI JOIN work.renewal AS renewal ON asset.asset_id = renewal.asset_id
    WHERE asset.line_id IS NOT NULL
),

billed AS (
    SELECT
        billed.line_id,
        renewed.line_id IS NOT NULL AND min(billed.charge_type) = max(billed.charge_type) AS is_split
    FROM ops.billed AS billed
    LEFT JOIN renewed ON billed.line_id = renewed.line_id
    GROUP BY billed.line_id, renewed.line_id
),

seen AS (
    SELECT line.line_id
    FROM core.order_lines AS line
    ANTI JOIN (FROM ops.billed WHERE charge_type = 'upfront') AS told
        ON line.line_id = told.line_id
    WHERE line.upfront_bill_status = 'In Billing'
    UNION
    SELECT line.line_id
    FROM core.order_lines AS line
    ANTI JOIN (FROM ops.billed WHERE charge_type = 'recurring') AS told
        ON line.line_id = told.line_id
    WHERE line.recurring_bill_status = 'In Billing'
)

SELECT line_id, unnest(['billed', 'asset']) AS reading, is_split
FROM billed
UNION ALL
SELECT line_id, 'new', is_split
FROM billed
WHERE is_split
UNION ALL
SELECT line_id, 'new', FALSE
FROM seen
WHERE line_id NOT IN (SELECT line_id FROM billed)
UNION ALL
SELECT line_id, 'seen', FALSE
FROM seen;
