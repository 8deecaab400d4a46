-- The CLIs that an undo ended, or is ending.
SELECT site_ref, cli, max(start_on) AS ended_on
FROM ops.cli_state
WHERE status IN ('ceasing', 'ceased')
GROUP BY site_ref, cli;
