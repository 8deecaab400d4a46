-- What the latest run says of the charges whose items wait, are parked or are dead; disposition null
-- = the charge is not there. A line whose record was rejected is not known to be gone.
-- Params: $run_id VARCHAR.
SELECT
    item.subject,
    charge.disposition,
    reject.record_key IS NOT NULL AS is_rejected
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
LEFT JOIN (
    SELECT DISTINCT record_key
    FROM ops.reject
    WHERE run_id = $run_id AND feed = 'order_lines'
) AS reject ON item.line_id = reject.record_key
ORDER BY item.subject;
