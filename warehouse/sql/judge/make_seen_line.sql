-- The lines The Layer calls In Billing of which Affinity was not told all: their assets as they are
-- today are what we first see of them.
-- Params: none.
CREATE OR REPLACE TABLE work.seen_line AS
SELECT line.line_id, TRUE AS is_seen, TRUE AS is_by_asset
FROM core.order_lines AS line
LEFT JOIN ops.billed AS upfront
    ON line.line_id = upfront.line_id AND upfront.charge_type = 'upfront'
LEFT JOIN ops.billed AS recurring
    ON line.line_id = recurring.line_id AND recurring.charge_type = 'recurring'
WHERE
    (line.upfront_bill_status = 'In Billing' AND upfront.line_id IS NULL)
    OR (line.recurring_bill_status = 'In Billing' AND recurring.line_id IS NULL);
