-- The CLIs that are there as far as we know, one row per site and CLI, without those whose row has no
-- answer yet. An additional number names the asset it hangs on.
-- Params: none.
SELECT
    state.site_ref,
    state.cli,
    min(state.customer_ref) AS customer_ref,
    min(state.cli_type) AS cli_type,
    min(state.range_end) AS range_end,
    max(state.start_on) AS start_on,
    arg_max(state.end_on, state.start_on) AS end_on,
    arg_max(state.asset_id, state.start_on) AS asset_id
FROM ops.cli_state AS state
ANTI JOIN (
    SELECT cli.site_ref, cli.cli
    FROM out.batch_cli AS cli
    INNER JOIN out.batch AS batch ON cli.seq = batch.seq
    ANTI JOIN out.batch_outcome AS outcome
        ON cli.seq = outcome.seq AND cli.row_key = outcome.row_key
    WHERE batch.state <> 'abandoned'
) AS asked ON state.site_ref = asked.site_ref AND state.cli = asked.cli
WHERE state.status IN ('live', 'seen') AND state.start_on IS NOT NULL
GROUP BY state.site_ref, state.cli;
