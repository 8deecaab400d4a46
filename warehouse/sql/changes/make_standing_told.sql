-- What was told of each recurring charge that is billed, and where it stands once the next batch was taken.
-- is_without: the CLI it was billed with was given up, or may go again, and nothing says it is there.
-- Params: $as_of DATE. work.without_cli is made.
CREATE OR REPLACE TEMP TABLE standing_told AS
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
WHERE billed.charge_type = 'recurring';
