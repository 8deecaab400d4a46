-- What Affinity took as a change of a group holds of it from now on.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.billed_group AS billed
SET
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
    refused_content = NULL
FROM out.batch_product AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.action = 'UPDATE'
    AND written.group_key = billed.row_key
    AND outcomes.outcome = 'accepted';
