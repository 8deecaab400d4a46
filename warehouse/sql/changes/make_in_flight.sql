-- The billed charges with a change or an end that has no answer yet.
-- Params: none.
CREATE OR REPLACE TABLE work.in_flight AS
SELECT DISTINCT written.line_id, written.charge_type
FROM out.batch_row AS written
INNER JOIN out.batch AS batch ON written.seq = batch.seq
ANTI JOIN out.batch_outcome AS outcome
    ON written.seq = outcome.seq AND written.row_key = outcome.row_key
WHERE written.line_id IS NOT NULL AND written.kind <> 'charge' AND batch.state <> 'abandoned';
