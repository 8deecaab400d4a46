-- CLIs at their sites that are not there any more, and have not been for long: ended, superseded or never taken, on no
-- asset or line, in no snapshot, and under nothing that stands.
-- Params: $before DATE. old_batch and ended_line are temporary tables.
CREATE OR REPLACE TEMP TABLE ended_place AS
WITH standing AS (
    SELECT site_ref, cli
    FROM ops.cli_state
    WHERE
        status IN ('exported', 'ceasing')
        OR (status IN ('live', 'seen') AND coalesce(end_on >= $before, TRUE))
    UNION ALL
    SELECT site_ref, cli FROM core.affinity_clis
    UNION ALL
    SELECT site_ref, cli FROM core.affinity_site_products
    UNION ALL
    SELECT billed.site_ref, billed.cli
    FROM ops.billed AS billed
    ANTI JOIN ended_line ON billed.line_id = ended_line.line_id
    UNION ALL
    SELECT written.site_ref, written.cli
    FROM out.batch_row AS written
    ANTI JOIN old_batch ON written.seq = old_batch.seq
),

in_feeds AS (
    SELECT cli FROM core.order_lines
    UNION ALL
    SELECT cli FROM core.assets
    UNION ALL
    SELECT cli FROM core.asset_numbers
    UNION ALL
    SELECT cli FROM out.charge WHERE line_id NOT IN (SELECT line_id FROM ended_line)
),

remembered AS (
    SELECT site_ref, cli FROM ops.cli_state
    UNION
    SELECT site_ref, cli FROM out.batch_cli
)

SELECT remembered.site_ref, remembered.cli
FROM remembered
ANTI JOIN standing ON remembered.site_ref = standing.site_ref AND remembered.cli = standing.cli
ANTI JOIN in_feeds ON remembered.cli = in_feeds.cli
WHERE remembered.cli IS NOT NULL;
