-- A CLI whose cease was taken lives until its end; its earlier lives keep theirs.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.cli_state AS state
SET end_on = written.end_on
FROM out.batch_cli AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
INNER JOIN out.batch AS batch ON written.seq = batch.seq
WHERE
    written.seq = $seq
    AND batch.undoes IS NULL
    AND written.action = 'CEASE'
    AND outcomes.outcome = 'accepted'
    AND state.site_ref = written.site_ref
    AND state.cli = written.cli
    AND state.start_on = written.start_on
    AND state.status IN ('live', 'seen');
