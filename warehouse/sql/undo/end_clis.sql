-- The CLIs an undo ends are not to be relied on any more.
-- Params: $seq BIGINT.
UPDATE ops.cli_state AS state
SET status = 'ceasing'
FROM out.batch_cli AS cease
WHERE
    cease.seq = $seq
    AND cease.action = 'CEASE'
    AND cease.site_ref = state.site_ref
    AND cease.cli = state.cli
    AND cease.start_on = state.start_on
    AND state.status = 'live';
