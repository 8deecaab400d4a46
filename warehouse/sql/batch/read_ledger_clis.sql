-- The CLIs we added, or are adding, and until when they live (null: open).
-- Params: $part INTEGER, $parts INTEGER: of which part of the sites.
SELECT site_ref, cli, end_on AS lives_until
FROM ops.cli_state
WHERE status IN ('exported', 'live') AND hash(site_ref) % $parts = $part;
