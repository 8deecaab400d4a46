-- The CLIs a batch added that are live by our ledger; a cease that was accepted is never sent again.
-- Params: $seq BIGINT.
SELECT
    added.customer_ref,
    added.site_ref,
    added.cli,
    added.cli_type,
    added.range_end,
    added.start_on,
    added.asset_id
FROM out.batch_cli AS added
INNER JOIN ops.cli_state AS state
    ON added.seq = state.batch_seq AND added.row_key = state.row_key
ANTI JOIN (
    SELECT cease.site_ref, cease.cli, cease.start_on
    FROM out.batch_cli AS cease
    INNER JOIN out.batch_outcome AS outcome
        ON cease.seq = outcome.seq AND cease.row_key = outcome.row_key
    WHERE cease.action = 'CEASE' AND outcome.outcome = 'accepted'
) AS ceased
    ON
        added.site_ref = ceased.site_ref
        AND added.cli = ceased.cli
        AND added.start_on = ceased.start_on
WHERE added.seq = $seq AND state.status = 'live';
