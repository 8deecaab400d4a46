-- The CLIs we added, or are adding, and until when they live (null: open).
SELECT site_ref, cli, end_on AS lives_until
FROM ops.cli_state
WHERE status IN ('exported', 'live');
