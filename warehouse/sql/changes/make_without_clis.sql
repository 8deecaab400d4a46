-- The CLIs that charges are billed with, whose row was given up, or may go again, and that nothing says
-- are there; and those that an undo ended, though Affinity did not take the charges back.
-- Params: none.
CREATE OR REPLACE TABLE work.without_cli AS
SELECT
    asked.site_ref,
    asked.cli,
    min(billed.customer_ref) AS customer_ref,
    min(asked.cli_type) AS cli_type,
    min(billed.bill_start_on) AS start_on,
    min(billed.asset_id) AS asset_id
FROM ops.cli_state AS asked
INNER JOIN ops.billed AS billed
    ON
        asked.site_ref = billed.site_ref
        AND asked.cli = billed.cli
        AND billed.charge_type = 'recurring'
        AND billed.bill_start_on IS NOT NULL
LEFT JOIN ops.retry_item AS item ON item.subject = concat('cli:', asked.row_key)
ANTI JOIN (
    SELECT back.line_id, back.charge_type
    FROM out.batch_cease AS back
    INNER JOIN out.batch AS batch ON back.seq = batch.seq
    ANTI JOIN out.batch_outcome AS outcome
        ON back.seq = outcome.seq AND back.row_key = outcome.row_key
    WHERE back.kind = 'undo' AND batch.state <> 'abandoned'
) AS leaving
    ON billed.line_id = leaving.line_id AND billed.charge_type = leaving.charge_type
ANTI JOIN (
    SELECT site_ref, cli
    FROM ops.cli_state
    WHERE status IN ('exported', 'live', 'seen', 'ceasing')
) AS there ON asked.site_ref = there.site_ref AND asked.cli = there.cli
WHERE
    asked.status IN ('abandoned', 'returned', 'ceased')
    OR (asked.status = 'rejected' AND item.state = 'released')
GROUP BY asked.site_ref, asked.cli;
