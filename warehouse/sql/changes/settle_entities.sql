-- Note what Affinity took of files 01 to 05, and what it called it; what it refused.
-- Params: $seq BIGINT. outcomes is a registered frame; the rows have a state.
UPDATE ops.entity_state AS state
SET
    told = CASE outcomes.stands_as WHEN 'changed' THEN written.cells ELSE state.told END,
    taken = CASE
        outcomes.stands_as
        WHEN 'changed' THEN greatest(state.taken, written.nth)
        ELSE state.taken
    END,
    ref = CASE outcomes.stands_as WHEN 'changed' THEN coalesce(outcomes.ref, state.ref) ELSE state.ref END,
    refused = CASE outcomes.stands_as WHEN 'rejected' THEN written.cells END
FROM out.batch_entity AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.file = state.file
    AND written.layer_id = state.layer_id;
