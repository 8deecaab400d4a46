-- What the latest run says of the charges whose items wait, are parked or are dead; disposition null
-- = the charge is not there. Of a line whose record is broken, or its asset's, nothing is known.
-- Params: none.
WITH broken AS (
    SELECT feed, record_key
    FROM ops.broken
    WHERE until_run IS NULL AND feed IN ('order_lines', 'assets')
),

broken_line AS (
    SELECT record_key AS line_id FROM broken WHERE feed = 'order_lines'
    UNION ALL
    SELECT line.line_id
    FROM core.order_lines AS line
    INNER JOIN broken ON line.asset_id = broken.record_key AND broken.feed = 'assets'
    UNION ALL
    SELECT state.line_id
    FROM ops.charge_state AS state
    INNER JOIN broken ON state.asset_id = broken.record_key AND broken.feed = 'assets'
)

SELECT
    item.subject,
    charge.disposition,
    item.line_id IN (FROM broken_line) AS is_rejected
FROM (
    SELECT
        subject,
        regexp_extract(subject, '^charge:(.*):(upfront|recurring)$', 1) AS line_id,
        regexp_extract(subject, '^charge:(.*):(upfront|recurring)$', 2) AS charge_type
    FROM ops.retry_item
    WHERE state IN ('waiting', 'parked', 'dead') AND starts_with(subject, 'charge:')
) AS item
LEFT JOIN out.charge AS charge
    ON item.line_id = charge.line_id AND item.charge_type = charge.charge_type
ORDER BY item.subject;
