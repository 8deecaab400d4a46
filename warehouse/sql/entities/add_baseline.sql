-- Add entities that Affinity has already, and nobody has asked about, as told as they are now. They come with
-- what was told: to fill it in afterwards, all of it would have to fit into memory.
-- Params: none.
INSERT INTO ops.entity_state
SELECT
    baseline.file,
    baseline.layer_id,
    NULL AS ref,
    baseline.cells AS told,
    0 AS taken,
    TRUE AS is_baseline,
    NULL AS refused
FROM baseline
ANTI JOIN ops.entity_state AS state
    ON baseline.file = state.file AND baseline.layer_id = state.layer_id;
