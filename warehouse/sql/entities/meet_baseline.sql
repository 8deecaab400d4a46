-- Every entity of a baseline has a state.
-- Params: none.
INSERT INTO ops.entity_state
SELECT
    baseline.file,
    baseline.layer_id,
    NULL AS ref,
    NULL AS told,
    0 AS taken,
    FALSE AS is_baseline,
    NULL AS refused
FROM baseline
ANTI JOIN ops.entity_state AS state
    ON baseline.file = state.file AND baseline.layer_id = state.layer_id;
