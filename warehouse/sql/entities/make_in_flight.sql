-- The entities with a row that has no answer yet.
-- Params: none.
CREATE OR REPLACE TABLE work.entity_in_flight AS
SELECT DISTINCT written.file, written.layer_id
FROM out.batch_entity AS written
INNER JOIN out.batch AS batch ON written.seq = batch.seq
ANTI JOIN out.batch_outcome AS outcome
    ON written.seq = outcome.seq AND written.row_key = outcome.row_key
WHERE batch.state <> 'abandoned';
