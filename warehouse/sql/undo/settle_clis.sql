-- A CLI is gone once its cease was accepted; otherwise it is as live as it was.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.cli_state AS state
SET status = CASE outcomes.outcome WHEN 'accepted' THEN 'ceased' ELSE 'live' END
FROM out.batch_cli AS cease
INNER JOIN outcomes ON cease.row_key = outcomes.row_key
WHERE
    cease.seq = $seq
    AND cease.action = 'CEASE'
    AND cease.site_ref = state.site_ref
    AND cease.cli = state.cli
    AND cease.start_on = state.start_on
    AND state.status = 'ceasing';
