-- Take entities that Affinity has already as told as they are now.
-- Params: none. The rows of baseline have a state.
UPDATE ops.entity_state AS state
SET told = baseline.cells, is_baseline = TRUE, refused = NULL
FROM baseline
WHERE state.file = baseline.file AND state.layer_id = baseline.layer_id;
