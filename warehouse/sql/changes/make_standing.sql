-- Which charges stand on which CLIs once the next batch was taken, and which did before.
-- Params: $as_of DATE. standing_told and work.left_cli are made.
CREATE OR REPLACE TEMP TABLE standing AS
SELECT *, FALSE AS is_left
FROM standing_told
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
    FALSE AS is_without,
    FALSE AS is_left
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
    FALSE AS is_without,
    FALSE AS is_left
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
    FALSE AS is_without,
    FALSE AS is_left
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
    FALSE AS is_without,
    TRUE AS is_left
FROM work.left_cli AS gone
LEFT JOIN standing_told AS told
    ON gone.line_id = told.line_id AND (told.end_on IS NULL OR told.end_on >= $as_of);
