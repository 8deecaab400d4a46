-- What Affinity took as an update is billed as it says; what it refused is kept.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.billed AS billed
SET
    updates = written.nth,
    site_id = written.site_id,
    customer_ref = written.customer_ref,
    site_ref = written.site_ref,
    cli = written.cli,
    sku = written.sku,
    product_name = written.product_name,
    quantity = written.quantity,
    unit_price = written.unit_price,
    frequency = written.frequency,
    bill_start_on = written.bill_start_on,
    bill_end_on = written.bill_end_on,
    term_months = written.term_months,
    order_ref = written.order_ref,
    po_ref = written.po_ref,
    asset_id = written.asset_id,
    ended_by = CASE WHEN written.bill_end_on IS NOT NULL THEN billed.ended_by END,
    refused_content = NULL,
    content = NULL
FROM out.batch_charge AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.action = 'UPDATE'
    AND outcomes.outcome = 'accepted'
    AND written.line_id = billed.line_id
    AND written.charge_type = billed.charge_type
    AND written.period = billed.period;
