-- The CLIs that an undo ended, or is ending.
-- Params: $part INTEGER, $parts INTEGER: of which part of the sites.
SELECT site_ref, cli, max(start_on) AS ended_on
FROM ops.cli_state
WHERE status IN ('ceasing', 'ceased') AND hash(site_ref) % $parts = $part
GROUP BY site_ref, cli;
