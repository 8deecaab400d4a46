-- CLIs that are there, and that nobody stands on or wants to: with the charges that did, or were to. Their
-- rows were refused, given up or answered late, or The Layer lists them no more, and so nothing else says that it
-- is over. What only a one-off came with is not among them, nor what a line or an asset has to do with that is
-- broken: nobody knows what it wants.
-- Params: $as_of DATE. empty_place is made.
CREATE OR REPLACE TABLE work.left_cli AS
WITH refused AS (
    SELECT cli.*
    FROM out.batch_cli AS cli
    INNER JOIN out.batch_outcome AS outcome
        ON cli.seq = outcome.seq AND cli.row_key = outcome.row_key
    WHERE outcome.outcome IN ('rejected', 'abandoned')
),

-- only at the few places that are empty: the tables are long, and all of them would not fit into memory
wanted AS (
    SELECT now.site_ref, now.cli
    FROM (
        SELECT now.*
        FROM out.now_charge AS now
        SEMI JOIN empty_place AS empty ON now.site_ref = empty.site_ref AND now.cli = empty.cli
        WHERE now.charge_type = 'recurring'
    ) AS now
    INNER JOIN ops.billed AS billed
        ON now.line_id = billed.line_id AND now.charge_type = billed.charge_type
    WHERE
        now.stops_because IS NULL
        AND (
            now.bill_end_on IS NULL
            OR now.bill_end_on >= $as_of
            OR (billed.ended_by = 'change' AND now.bill_end_on > billed.bill_end_on)
        )
    UNION ALL
    SELECT due.site_ref, due.cli
    FROM out.due_product AS due
    SEMI JOIN empty_place AS empty ON due.site_ref = empty.site_ref AND due.cli = empty.cli
    UNION ALL
    SELECT ref.site_ref, charge.cli
    FROM out.charge AS charge
    INNER JOIN work.site_ref AS ref ON charge.site_id = ref.site_id
    SEMI JOIN empty_place AS empty ON ref.site_ref = empty.site_ref AND charge.cli = empty.cli
    ANTI JOIN (
        SELECT line_id, charge_type
        FROM out.hold
        WHERE reason IN ('asset_not_live', 'undone')
    ) AS dead ON charge.line_id = dead.line_id AND charge.charge_type = dead.charge_type
    WHERE charge.disposition IN ('ready', 'held', 'waiting', 'exported')
),

named AS (
    SELECT product.site_ref, product.cli, product.seq, product.line_id, product.charge_type
    FROM out.batch_product AS product
    SEMI JOIN empty_place AS empty ON product.site_ref = empty.site_ref AND product.cli = empty.cli
    UNION
    SELECT cli.site_ref, cli.cli, cli.seq, NULL AS line_id, 'recurring' AS charge_type
    FROM refused AS cli
    WHERE cli.action = 'CEASE'
    UNION
    SELECT
        coalesce(moved.previous_site_ref, moved.site_ref) AS site_ref,
        coalesce(moved.previous_cli, moved.cli) AS cli,
        moved.seq,
        billed.line_id,
        'recurring' AS charge_type
    FROM refused AS moved
    LEFT JOIN ops.billed AS billed
        ON
            moved.site_ref = billed.site_ref
            AND moved.cli = billed.cli
            AND billed.charge_type = 'recurring'
    WHERE moved.action = 'UPDATE'
    UNION
    -- an additional number that is listed no more ends with the last charge of its asset
    SELECT empty.site_ref, empty.cli, 0 AS seq, NULL AS line_id, 'recurring' AS charge_type
    FROM empty_place AS empty
    INNER JOIN (
        SELECT billed.asset_id
        FROM ops.billed AS billed
        SEMI JOIN empty_place AS empty ON billed.asset_id = empty.asset_id
        WHERE billed.charge_type = 'recurring'
        GROUP BY billed.asset_id
        HAVING bool_and(
            coalesce(billed.bill_end_on < $as_of, FALSE) AND billed.ended_by IS DISTINCT FROM 'change'
        )
    ) AS over ON empty.asset_id = over.asset_id
),

-- the newest batch that had to do with a place has the last word
stood AS (
    SELECT *
    FROM named
    QUALIFY rank() OVER (PARTITION BY site_ref, cli ORDER BY seq DESC) = 1
)

SELECT empty.site_ref, empty.cli, empty.customer_ref, empty.asset_id, stood.line_id
FROM empty_place AS empty
INNER JOIN stood ON empty.site_ref = stood.site_ref AND empty.cli = stood.cli
ANTI JOIN wanted ON empty.site_ref = wanted.site_ref AND empty.cli = wanted.cli
ANTI JOIN (
    FROM ops.broken WHERE feed = 'order_lines' AND until_run IS NULL
) AS broken_line ON stood.line_id = broken_line.record_key
ANTI JOIN (
    FROM ops.broken WHERE feed = 'assets' AND until_run IS NULL
) AS broken_asset ON empty.asset_id = broken_asset.record_key
WHERE stood.charge_type = 'recurring'
GROUP BY ALL;
