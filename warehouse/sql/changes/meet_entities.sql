-- Every entity with a row in a batch has a state.
-- Params: $seq BIGINT.
INSERT INTO ops.entity_state
SELECT
    written.file,
    written.layer_id,
    NULL AS ref,
    NULL AS told,
    0 AS taken,
    FALSE AS is_baseline,
    NULL AS refused
FROM out.batch_entity AS written
ANTI JOIN ops.entity_state AS state
    ON written.file = state.file AND written.layer_id = state.layer_id
WHERE written.seq = $seq;
