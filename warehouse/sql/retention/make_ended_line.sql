-- Lines of which nothing stands any more, and has not for long: gone from the feeds, and neither billed nor under way.
-- A one-off charge stands on the day it is billed from. A feed without any lines says nothing of what is gone.
-- Params: $before DATE. present and old_batch are temporary tables.
CREATE OR REPLACE TEMP TABLE ended_line AS
WITH standing AS (
    SELECT id AS line_id FROM present WHERE feed = 'order_lines'
    UNION ALL
    SELECT asset.line_id
    FROM core.assets AS asset
    UNION ALL
    SELECT billed.line_id
    FROM ops.billed AS billed
    INNER JOIN present ON present.feed = 'assets' AND billed.asset_id = present.id
    UNION ALL
    SELECT line_id
    FROM ops.billed
    WHERE
        CASE
            WHEN charge_type = 'upfront' THEN coalesce(bill_start_on >= $before, TRUE)
            WHEN ended_by = 'change' THEN TRUE
            ELSE coalesce(bill_end_on >= $before, ended_by IS NULL OR ended_by <> 'seen_stopped')
        END
    UNION ALL
    SELECT state.line_id
    FROM ops.charge_state AS state
    ANTI JOIN ops.billed AS billed
        ON state.line_id = billed.line_id AND state.charge_type = billed.charge_type
    WHERE state.status IN ('exported', 'in_billing')
    UNION ALL
    SELECT line_id FROM ops.charge_state WHERE status = 'exported'
    UNION ALL
    SELECT line_id FROM ops.ledger WHERE CAST("at" AS DATE) >= $before
    UNION ALL
    SELECT line_id FROM ops.layer_fact WHERE greatest(known_from, known_to) >= $before
    UNION ALL
    SELECT written.line_id
    FROM out.batch_charge AS written
    ANTI JOIN old_batch ON written.seq = old_batch.seq
    UNION ALL
    SELECT written.line_id
    FROM out.batch_end AS written
    ANTI JOIN old_batch ON written.seq = old_batch.seq
    UNION ALL
    SELECT written.line_id
    FROM out.batch_product AS written
    INNER JOIN core.affinity_site_products AS there ON written.row_key = there.row_key
    UNION ALL
    SELECT split_part(subject, ':', 2) AS line_id
    FROM ops.retry_item
    WHERE state NOT IN ('done', 'discarded')
),

remembered AS (
    SELECT line_id FROM ops.layer_fact
    UNION
    SELECT line_id FROM ops.charge_state
    UNION
    SELECT line_id FROM ops.billed
    UNION
    SELECT line_id FROM out.batch_charge
    UNION
    SELECT line_id FROM out.batch_end
)

SELECT remembered.line_id
FROM remembered
ANTI JOIN standing ON remembered.line_id = standing.line_id
WHERE
    remembered.line_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM present WHERE feed = 'order_lines');
