-- The CLIs a batch added that are live by our ledger, also those that were told an end: it comes too late.
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
WHERE added.seq = $seq AND state.status = 'live';
