-- What Affinity called the customers that a batch created.
-- Params: $seq BIGINT.
SELECT state.layer_id AS "Customer Id", state.ref AS "Integration Id"
FROM out.batch_entity AS written
INNER JOIN out.batch_outcome AS outcome
    ON written.seq = outcome.seq AND written.row_key = outcome.row_key
INNER JOIN ops.entity_state AS state
    ON written.file = state.file AND written.layer_id = state.layer_id
WHERE
    written.seq = $seq
    AND written.file = 'customers'
    AND written.action = 'ADD'
    AND outcome.outcome = 'accepted'
    AND state.ref IS NOT NULL
ORDER BY state.layer_id;
