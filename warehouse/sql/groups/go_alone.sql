-- What left its group to go on as a row of its own stands and falls with that row from now on.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.charge_state AS state
SET row_key = written.row_key, batch_seq = written.seq
FROM out.batch_product AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.kind = 'change'
    AND written.action = 'ADD'
    AND outcomes.outcome = 'accepted'
    AND written.line_id = state.line_id
    AND written.charge_type = state.charge_type
    AND state.row_key IN (SELECT row_key FROM ops.billed_group);
