-- What went on in another row than its group's stands and falls with that row from now on.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.charge_state AS state
SET row_key = written.group_key, batch_seq = written.seq
FROM out.batch_member AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.kind = 'change'
    AND written.action = 'ADD'
    AND outcomes.outcome = 'accepted'
    AND written.line_id = state.line_id
    AND written.charge_type = state.charge_type;
