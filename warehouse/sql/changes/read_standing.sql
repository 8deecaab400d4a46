-- Which charges stand on which CLIs once the next batch was taken, and which did before: is_touched at
-- every place that something changes about (what moves, what ends, what ended before today, what is
-- open though its CLI ends, what has no CLI), and the charges of assets with additional numbers. A CLI
-- that nobody stands on, or wants to, is left: it goes along where its charges have gone, or ends.
-- is_without: the CLI it was billed with was given up, or may go again, and nothing says it is there.
-- Params: $as_of DATE. work.left_cli and work.without_cli are made.
WITH told AS (
    SELECT
        billed.line_id,
        billed.customer_ref AS told_customer_ref,
        billed.site_ref AS told_site_ref,
        CASE WHEN without.cli IS NULL THEN billed.cli END AS told_cli,
        coalesce(due.customer_ref, billed.customer_ref) AS customer_ref,
        coalesce(due.site_ref, billed.site_ref) AS site_ref,
        CASE WHEN due.line_id IS NULL THEN billed.cli ELSE due.cli END AS cli,
        coalesce(due.cli_type, without.cli_type) AS cli_type,
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
            AS stays,
        billed.ended_by IS DISTINCT FROM 'change'
        AND coalesce(now.bill_end_on, cease.cease_on, billed.bill_end_on) IS NULL
        AND now.stops_because IS NULL AS is_open,
        without.cli IS NOT NULL
        AND due.line_id IS NULL
        AND (billed.bill_end_on IS NULL OR billed.bill_end_on >= $as_of) AS is_without
    FROM ops.billed AS billed
    LEFT JOIN work.without_cli AS without
        ON billed.site_ref = without.site_ref AND billed.cli = without.cli
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
        FALSE AS stays,
        FALSE AS is_open,
        FALSE AS is_without
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
        FALSE AS stays,
        FALSE AS is_open,
        FALSE AS is_without
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
        FALSE AS stays,
        FALSE AS is_open,
        FALSE AS is_without
    FROM ops.charge_state AS state
    INNER JOIN out.batch_product AS product
        ON state.batch_seq = product.seq AND state.row_key = product.row_key
    WHERE state.status = 'exported' AND state.charge_type = 'recurring'
    UNION ALL
    SELECT
        gone.line_id,
        gone.customer_ref AS told_customer_ref,
        gone.site_ref AS told_site_ref,
        gone.cli AS told_cli,
        -- its number goes with it, where it is billed elsewhere
        told.customer_ref,
        told.site_ref,
        told.cli,
        told.cli_type,
        gone.asset_id,
        told.start_on,
        told.end_on,
        told.end_on AS told_end_on,
        FALSE AS stays,
        FALSE AS is_open,
        FALSE AS is_without
    FROM work.left_cli AS gone
    LEFT JOIN told
        ON gone.line_id = told.line_id AND (told.end_on IS NULL OR told.end_on >= $as_of)
),

-- what begins on a CLI that ends keeps it open, and so does what goes on; what should have moved, and
-- was refused, may have lost its number to that
ending AS (
    SELECT site_ref, cli, max(end_on) AS last_day
    FROM ops.cli_state
    WHERE status IN ('live', 'seen') AND end_on IS NOT NULL
    GROUP BY site_ref, cli
),

touched AS (
    SELECT unnest([told_site_ref, site_ref]) AS site_ref, unnest([told_cli, cli]) AS cli
    FROM after
    WHERE
        (told_cli IS NOT NULL OR (told_customer_ref IS NOT NULL AND cli IS NOT NULL))
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
        AND (
            after.told_cli IS NULL
            OR (after.stays AND (ending.last_day < $as_of OR after.is_open))
        )
    UNION ALL
    SELECT site_ref, cli
    FROM after
    WHERE is_without
)

SELECT * EXCLUDE (told_end_on, stays, is_open)
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
