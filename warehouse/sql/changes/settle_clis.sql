-- A CLI row that was taken stands in for what it changed: its predecessor is no longer there.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.cli_state AS state
SET status = 'superseded'
FROM out.batch_cli AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.action <> 'CEASE'
    AND outcomes.outcome = 'accepted'
    AND state.site_ref = coalesce(written.previous_site_ref, written.site_ref)
    AND state.cli = coalesce(written.previous_cli, written.cli)
    AND state.row_key IS DISTINCT FROM written.row_key
    AND (state.status = 'seen' OR (state.status = 'live' AND written.action = 'UPDATE'));
