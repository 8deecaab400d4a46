-- A charge whose stop was taken is billed no more, whoever put it In Billing.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.charge_state AS state
SET status = 'stopped', in_billing_on = NULL
FROM out.batch_end AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.kind = 'stop'
    AND outcomes.outcome = 'accepted'
    AND written.line_id = state.line_id
    AND written.charge_type = state.charge_type;
