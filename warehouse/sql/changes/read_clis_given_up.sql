-- CLIs at some sites that were to be added, and are not there: refused, or given up with their batch.
-- Params: none. named_site is a registered frame.
SELECT asked.site_ref, asked.cli, max(asked.start_on) AS start_on
FROM ops.cli_state AS asked
SEMI JOIN named_site AS site ON asked.site_ref = site.site_ref
ANTI JOIN (
    SELECT site_ref, cli
    FROM ops.cli_state
    WHERE status IN ('exported', 'live', 'seen', 'ceasing')
) AS there ON asked.site_ref = there.site_ref AND asked.cli = there.cli
WHERE asked.status IN ('rejected', 'returned', 'abandoned')
GROUP BY asked.site_ref, asked.cli;
