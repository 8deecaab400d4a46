-- What Affinity took as new is billed as it was told.
-- Params: $seq BIGINT. outcomes is a registered frame.
INSERT INTO ops.billed
SELECT
    written.line_id,
    written.charge_type,
    written.period,
    0 AS updates,
    written.row_key,
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
    NULL AS content
FROM out.batch_product AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE written.seq = $seq AND written.action = 'ADD' AND outcomes.outcome = 'accepted';
