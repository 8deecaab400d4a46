-- What The Layer has to be told of a batch: the charges now In Billing, or taken back. What has become of one by
-- a later batch since is that batch's to tell.
-- Params: $seq BIGINT.
SELECT told.*
FROM (
    SELECT
        product.line_id,
        product.charge_type,
        'In Billing' AS new_status,
        strftime(product.bill_start_on, '%Y-%m-%d') AS bill_start_on,
        CAST(product.seq AS VARCHAR) AS batch_seq
    FROM out.batch_charge AS product
    INNER JOIN out.batch_outcome AS outcome
        ON product.seq = outcome.seq AND product.row_key = outcome.row_key
    WHERE product.seq = $seq AND product.kind = 'charge' AND outcome.outcome = 'accepted'
    UNION ALL
    SELECT
        cease.line_id,
        cease.charge_type,
        'Not Billed' AS new_status,
        strftime(cease.cease_on, '%Y-%m-%d') AS bill_start_on,
        CAST(cease.seq AS VARCHAR) AS batch_seq
    FROM out.batch_end AS cease
    INNER JOIN out.batch_outcome AS outcome
        ON cease.seq = outcome.seq AND cease.row_key = outcome.row_key
    WHERE cease.seq = $seq AND cease.kind IN ('undo', 'stop') AND outcome.outcome = 'accepted'
) AS told
LEFT JOIN out.charge AS charge
    ON told.line_id = charge.line_id AND told.charge_type = charge.charge_type
WHERE coalesce(charge.bill_status, told.new_status) = told.new_status
ORDER BY told.line_id, told.charge_type;
