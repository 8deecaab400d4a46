-- What Affinity took as new is billed as it was told. Its updates are counted on through all
-- stretches of its billing: their number is part of their key.
-- Params: $seq BIGINT. outcomes is a registered frame.
INSERT INTO ops.billed
SELECT
    written.line_id,
    written.charge_type,
    written.period,
    coalesce(told.updates, 0) AS updates,
    coalesce(written.group_key, written.row_key) AS row_key,
    written.site_id,
    written.customer_ref,
    written.site_ref,
    written.cli,
    written.sku,
    written.product_name,
    written.quantity,
    written.unit_price,
    written.frequency,
    written.bill_start_on,
    written.bill_end_on,
    written.term_months,
    written.order_ref,
    written.po_ref,
    written.asset_id,
    NULL AS ended_by,
    NULL AS resumes_on,
    NULL AS refused_content,
    NULL AS content,
    NULL AS refused_end
FROM out.batch_charge AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
LEFT JOIN (
    SELECT before.line_id, before.charge_type, max(before.nth) AS updates
    FROM out.batch_product AS before
    INNER JOIN out.batch_outcome AS outcome
        ON before.seq = outcome.seq AND before.row_key = outcome.row_key
    WHERE before.action = 'UPDATE' AND outcome.outcome = 'accepted'
    GROUP BY before.line_id, before.charge_type
) AS told ON written.line_id = told.line_id AND written.charge_type = told.charge_type
WHERE
    written.seq = $seq
    AND written.action = 'ADD'
    AND outcomes.outcome = 'accepted'
    -- a member of a group that was given up may have gone elsewhere before the group was found there
    AND (
        written.group_key IS NULL
        OR EXISTS (
            SELECT 1
            FROM ops.charge_state AS state
            WHERE
                state.line_id = written.line_id
                AND state.charge_type = written.charge_type
                AND state.batch_seq = $seq
        )
    );
