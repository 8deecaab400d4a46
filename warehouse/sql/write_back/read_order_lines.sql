-- The statuses of the lines of which a batch put something In Billing, or took it back.
-- Params: $seq BIGINT.
SELECT
    told.line_id AS "Line Id",
    max(charge.bill_status) FILTER (charge.charge_type = 'upfront') AS "Upfront Bill Status",
    max(charge.bill_status) FILTER (charge.charge_type = 'recurring') AS "Recurring Bill Status",
    strftime(
        coalesce(
            max(billed.bill_start_on) FILTER (billed.charge_type = 'recurring'),
            max(billed.bill_start_on) FILTER (billed.charge_type = 'upfront')
        ),
        '%Y-%m-%d'
    ) AS "Bill Start Date"
FROM (
    SELECT DISTINCT written.line_id
    FROM (
        SELECT seq, row_key, line_id
        FROM out.batch_charge
        UNION ALL
        SELECT seq, row_key, line_id
        FROM out.batch_end
        WHERE kind IN ('undo', 'stop')
    ) AS written
    INNER JOIN out.batch_outcome AS outcome
        ON written.seq = outcome.seq AND written.row_key = outcome.row_key
    WHERE written.seq = $seq AND outcome.outcome = 'accepted'
) AS told
LEFT JOIN out.charge AS charge ON told.line_id = charge.line_id
LEFT JOIN ops.billed AS billed
    ON charge.line_id = billed.line_id AND charge.charge_type = billed.charge_type
GROUP BY told.line_id
ORDER BY told.line_id;
