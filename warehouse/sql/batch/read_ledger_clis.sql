-- The CLIs we added, or are adding.
SELECT DISTINCT site_ref, cli
FROM ops.cli_state
WHERE status IN ('exported', 'live');
