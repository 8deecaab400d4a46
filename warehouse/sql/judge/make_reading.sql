-- How often lines are read, and as what, where that is not once as new:
-- as billed, of which the asset counts as it is today, and once more by that asset's own product;
-- as seen, which The Layer calls In Billing and Affinity was not told of.
-- Params: none.
CREATE OR REPLACE TABLE work.reading AS
WITH billed AS (
    SELECT DISTINCT line_id
    FROM ops.billed
),

seen AS (
    SELECT line.line_id
    FROM core.order_lines AS line
    LEFT JOIN ops.billed AS upfront
        ON line.line_id = upfront.line_id AND upfront.charge_type = 'upfront'
    LEFT JOIN ops.billed AS recurring
        ON line.line_id = recurring.line_id AND recurring.charge_type = 'recurring'
    WHERE
        (line.upfront_bill_status = 'In Billing' AND upfront.line_id IS NULL)
        OR (line.recurring_bill_status = 'In Billing' AND recurring.line_id IS NULL)
)

SELECT line_id, TRUE AS is_billed, FALSE AS is_by_asset, FALSE AS is_seen
FROM billed
UNION ALL
SELECT line_id, TRUE, TRUE, FALSE
FROM billed
UNION ALL
SELECT line_id, FALSE, FALSE, FALSE
FROM seen
WHERE line_id NOT IN (FROM billed)
UNION ALL
SELECT line_id, TRUE, TRUE, TRUE
FROM seen;
