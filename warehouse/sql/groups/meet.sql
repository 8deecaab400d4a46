-- A group whose row Affinity took is billed as it was told.
-- Params: $seq BIGINT. outcomes is a registered frame.
INSERT INTO ops.billed_group BY NAME
SELECT
    written.row_key,
    written.line_id AS lead_line_id,
    written.charge_type,
    written.period,
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
    written.asset_id
FROM out.batch_product AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.group_key = written.row_key
    AND outcomes.outcome = 'accepted';
