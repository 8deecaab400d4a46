-- Which charges stand on which CLIs once the next batch was taken, and which did before: is_touched at
-- every place that something changes about (what moves, what ends, what ended before today, what is
-- open though its CLI ends), and the charges of assets with additional numbers. What was refused and
-- is wanted elsewhere now, or nowhere, leaves its place: its CLI may have been taken. So does a CLI that
-- everybody has left already, and whose end was refused: it has no line.
-- Params: $as_of DATE.
WITH refused AS (
    SELECT product.line_id, product.customer_ref, product.site_ref, product.cli, product.asset_id
    FROM out.batch_outcome AS outcome
    INNER JOIN out.batch_product AS product
        ON outcome.seq = product.seq AND outcome.row_key = product.row_key
    SEMI JOIN ops.cli_state AS life
        ON product.site_ref = life.site_ref AND product.cli = life.cli
    SEMI JOIN out.charge AS charge
        ON product.line_id = charge.line_id AND product.charge_type = charge.charge_type
    ANTI JOIN core.asset_numbers AS number ON product.asset_id = number.asset_id
    WHERE outcome.outcome = 'rejected' AND product.charge_type = 'recurring'
    UNION
    SELECT NULL AS line_id, cli.customer_ref, cli.site_ref, cli.cli, cli.asset_id
    FROM out.batch_outcome AS outcome
    INNER JOIN out.batch_cli AS cli ON outcome.seq = cli.seq AND outcome.row_key = cli.row_key
    SEMI JOIN ops.cli_state AS life
        ON
            cli.site_ref = life.site_ref
            AND cli.cli = life.cli
            AND cli.start_on = life.start_on
            AND life.status IN ('live', 'seen')
            AND (life.end_on IS NULL OR life.end_on >= $as_of)
    ANTI JOIN core.asset_numbers AS number ON cli.asset_id = number.asset_id
    WHERE outcome.outcome = 'rejected' AND cli.action = 'CEASE'
),

-- only of the few places where something was refused: the tables are long
wanted AS (
    SELECT billed.site_ref, billed.cli
    FROM ops.billed AS billed
    SEMI JOIN refused ON billed.site_ref = refused.site_ref AND billed.cli = refused.cli
    WHERE
        billed.charge_type = 'recurring'
        AND (billed.bill_end_on IS NULL OR billed.bill_end_on >= $as_of)
    UNION ALL
    SELECT now.site_ref, now.cli
    FROM out.now_charge AS now
    INNER JOIN ops.billed AS billed
        ON now.line_id = billed.line_id AND now.charge_type = billed.charge_type
    SEMI JOIN refused ON now.site_ref = refused.site_ref AND now.cli = refused.cli
    WHERE
        now.charge_type = 'recurring'
        AND now.stops_because IS NULL
        AND (
            now.bill_end_on IS NULL
            OR now.bill_end_on >= $as_of
            OR (billed.ended_by = 'change' AND now.bill_end_on > billed.bill_end_on)
        )
    UNION ALL
    SELECT due.site_ref, due.cli
    FROM out.due_product AS due
    SEMI JOIN refused ON due.site_ref = refused.site_ref AND due.cli = refused.cli
    UNION ALL
    SELECT ref.site_ref, charge.cli
    FROM out.charge AS charge
    INNER JOIN work.site_ref AS ref ON charge.site_id = ref.site_id
    SEMI JOIN refused ON ref.site_ref = refused.site_ref AND charge.cli = refused.cli
    ANTI JOIN (
        SELECT line_id, charge_type
        FROM out.hold
        WHERE reason = 'asset_not_live'
    ) AS dead ON charge.line_id = dead.line_id AND charge.charge_type = dead.charge_type
    WHERE charge.disposition IN ('ready', 'held', 'waiting', 'exported')
),

told AS (
    SELECT
        billed.line_id,
        billed.customer_ref AS told_customer_ref,
        billed.site_ref AS told_site_ref,
        billed.cli AS told_cli,
        coalesce(due.customer_ref, billed.customer_ref) AS customer_ref,
        coalesce(due.site_ref, billed.site_ref) AS site_ref,
        CASE WHEN due.line_id IS NULL THEN billed.cli ELSE due.cli END AS cli,
        due.cli_type,
        coalesce(due.asset_id, billed.asset_id) AS asset_id,
        coalesce(due.bill_start_on, billed.bill_start_on) AS start_on,
        CASE
            WHEN due.line_id IS NOT NULL THEN due.bill_end_on
            WHEN cease.line_id IS NOT NULL THEN cease.cease_on
            -- cut to go on here as a new row, which Affinity has not taken yet; one whose line is
            -- gone stays as it is
            WHEN
                billed.ended_by = 'change'
                AND (
                    (now.line_id IS NULL AND billed.content IS NULL)
                    OR (
                        now.site_ref IS NOT DISTINCT FROM billed.site_ref
                        AND now.cli IS NOT DISTINCT FROM billed.cli
                        AND now.stops_because IS NULL
                        AND (
                            now.bill_end_on IS NULL
                            OR now.bill_end_on > billed.bill_end_on
                            OR now.replaced_by_line IS NOT NULL
                        )
                    )
                )
                THEN NULL
            ELSE billed.bill_end_on
        END AS end_on,
        CASE WHEN billed.ended_by = 'change' THEN NULL ELSE billed.bill_end_on END AS told_end_on,
        billed.ended_by IS DISTINCT FROM 'change'
        AND coalesce(now.site_ref = billed.site_ref AND now.cli = billed.cli, now.line_id IS NULL)
            AS stays
    FROM ops.billed AS billed
    LEFT JOIN out.now_charge AS now
        ON billed.line_id = now.line_id AND billed.charge_type = now.charge_type
    LEFT JOIN out.due_product AS due
        ON
            billed.line_id = due.line_id
            AND billed.charge_type = due.charge_type
            AND due.action = 'UPDATE'
            AND due.group_key IS NULL
    LEFT JOIN out.due_cease AS cease
        ON
            billed.line_id = cease.line_id
            AND billed.charge_type = cease.charge_type
            AND billed.period = cease.period
            AND cease.group_key IS NULL
    WHERE billed.charge_type = 'recurring'
),

after AS (
    FROM told
    UNION ALL
    SELECT
        charge.line_id,
        NULL AS told_customer_ref,
        NULL AS told_site_ref,
        NULL AS told_cli,
        charge.customer_ref,
        charge.site_ref,
        charge.cli,
        charge.cli_type,
        charge.asset_id,
        charge.bill_start_on AS start_on,
        charge.bill_end_on AS end_on,
        charge.bill_end_on AS told_end_on,
        FALSE AS stays
    FROM out.charge AS charge
    WHERE charge.disposition = 'ready' AND charge.charge_type = 'recurring'
    UNION ALL
    SELECT
        due.line_id,
        NULL AS told_customer_ref,
        NULL AS told_site_ref,
        NULL AS told_cli,
        due.customer_ref,
        due.site_ref,
        due.cli,
        due.cli_type,
        due.asset_id,
        due.bill_start_on AS start_on,
        due.bill_end_on AS end_on,
        due.bill_end_on AS told_end_on,
        FALSE AS stays
    FROM out.due_product AS due
    WHERE due.action = 'ADD' AND due.charge_type = 'recurring'
    UNION ALL
    SELECT
        product.line_id,
        NULL AS told_customer_ref,
        NULL AS told_site_ref,
        NULL AS told_cli,
        product.customer_ref,
        product.site_ref,
        product.cli,
        NULL AS cli_type,
        product.asset_id,
        product.bill_start_on AS start_on,
        product.bill_end_on AS end_on,
        product.bill_end_on AS told_end_on,
        FALSE AS stays
    FROM ops.charge_state AS state
    INNER JOIN out.batch_product AS product
        ON state.batch_seq = product.seq AND state.row_key = product.row_key
    WHERE state.status = 'exported' AND state.charge_type = 'recurring'
    UNION ALL
    SELECT
        refused.line_id,
        refused.customer_ref AS told_customer_ref,
        refused.site_ref AS told_site_ref,
        refused.cli AS told_cli,
        -- its number goes with it, where it is billed elsewhere
        told.customer_ref,
        told.site_ref,
        told.cli,
        told.cli_type,
        refused.asset_id,
        told.start_on,
        told.end_on,
        told.end_on AS told_end_on,
        FALSE AS stays
    FROM refused
    LEFT JOIN told
        ON refused.line_id = told.line_id AND (told.end_on IS NULL OR told.end_on >= $as_of)
    ANTI JOIN wanted ON refused.site_ref = wanted.site_ref AND refused.cli = wanted.cli
),

-- what begins on a CLI that ends keeps it open; what should have moved, and was refused, may have lost
-- its number to that
ending AS (
    SELECT site_ref, cli, max(end_on) AS last_day
    FROM ops.cli_state
    WHERE status = 'live' AND end_on IS NOT NULL
    GROUP BY site_ref, cli
),

touched AS (
    SELECT unnest([told_site_ref, site_ref]) AS site_ref, unnest([told_cli, cli]) AS cli
    FROM after
    WHERE
        told_cli IS NOT NULL
        AND (
            cli IS DISTINCT FROM told_cli
            OR site_ref IS DISTINCT FROM told_site_ref
            OR end_on IS DISTINCT FROM told_end_on
            OR end_on < $as_of
        )
    UNION ALL
    SELECT after.site_ref, after.cli
    FROM after
    INNER JOIN ending ON after.site_ref = ending.site_ref AND after.cli = ending.cli
    WHERE
        (after.end_on IS NULL OR after.end_on > ending.last_day)
        AND after.start_on <= ending.last_day
        AND (after.told_cli IS NULL OR (after.stays AND ending.last_day < $as_of))
)

SELECT * EXCLUDE (told_end_on, stays)
FROM (
    SELECT
        after.*,
        EXISTS (
            SELECT 1 FROM touched
            WHERE touched.site_ref = after.site_ref AND touched.cli = after.cli
        )
        OR EXISTS (
            SELECT 1 FROM touched
            WHERE touched.site_ref = after.told_site_ref AND touched.cli = after.told_cli
        ) AS is_touched
    FROM after
) AS marked
WHERE is_touched OR asset_id IN (SELECT asset_id FROM core.asset_numbers);
