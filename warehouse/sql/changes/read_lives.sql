-- The CLIs that are there as far as we know at some sites, one row per site and CLI: the life that lasts
-- longest. Those whose row has no answer yet are left out. An additional number names the asset it hangs on.
-- Params: none. named_site is a registered frame.
SELECT
    state.site_ref,
    state.cli,
    state.customer_ref,
    state.cli_type,
    state.range_end,
    state.start_on,
    state.end_on,
    state.asset_id
FROM ops.cli_state AS state
SEMI JOIN named_site AS site ON state.site_ref = site.site_ref
ANTI JOIN (
    SELECT cli.site_ref, cli.cli
    FROM out.batch_cli AS cli
    INNER JOIN out.batch AS batch ON cli.seq = batch.seq
    ANTI JOIN out.batch_outcome AS outcome
        ON cli.seq = outcome.seq AND cli.row_key = outcome.row_key
    WHERE batch.state <> 'abandoned'
) AS asked ON state.site_ref = asked.site_ref AND state.cli = asked.cli
WHERE state.status IN ('live', 'seen') AND state.start_on IS NOT NULL
QUALIFY
    row_number() OVER (
        PARTITION BY state.site_ref, state.cli
        ORDER BY state.end_on DESC NULLS FIRST, state.start_on DESC
    ) = 1;
