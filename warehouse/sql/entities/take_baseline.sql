-- Take entities that Affinity has already as told as they are now, where they have a state.
-- Params: none.
UPDATE ops.entity_state AS state
SET told = baseline.cells, is_baseline = TRUE, refused = NULL
FROM baseline
WHERE state.file = baseline.file AND state.layer_id = baseline.layer_id;
