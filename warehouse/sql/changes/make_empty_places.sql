-- Places of CLIs that are there, and that no billed charge stands on, nor anything that has no answer yet. What
-- hangs on an asset with additional numbers is not among them.
-- Params: $as_of DATE.
CREATE OR REPLACE TEMP TABLE empty_place AS
WITH asked AS (
    SELECT
        coalesce(cli.previous_site_ref, cli.site_ref) AS site_ref,
        coalesce(cli.previous_cli, cli.cli) AS cli
    FROM out.batch_cli AS cli
    ANTI JOIN out.batch_outcome AS outcome
        ON cli.seq = outcome.seq AND cli.row_key = outcome.row_key
)

SELECT life.site_ref, life.cli, life.customer_ref, life.asset_id
FROM ops.cli_state AS life
ANTI JOIN ops.billed AS billed
    ON
        life.site_ref = billed.site_ref
        AND life.cli = billed.cli
        AND billed.charge_type = 'recurring'
        AND (billed.bill_end_on IS NULL OR billed.bill_end_on >= $as_of)
ANTI JOIN asked ON life.site_ref = asked.site_ref AND life.cli = asked.cli
ANTI JOIN core.asset_numbers AS number ON life.asset_id = number.asset_id
WHERE
    life.status IN ('live', 'seen')
    AND life.start_on IS NOT NULL
    AND (life.end_on IS NULL OR life.end_on >= $as_of);
