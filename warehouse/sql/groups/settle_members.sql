-- Members that changed in ways that leave their group's row as it is: nothing is to be told of them.
-- Params: none. settled is a registered frame.
UPDATE ops.billed AS billed
SET
    site_id = settled.site_id,
    customer_ref = settled.customer_ref,
    site_ref = settled.site_ref,
    cli = settled.cli,
    sku = settled.sku,
    product_name = settled.product_name,
    quantity = settled.quantity,
    unit_price = settled.unit_price,
    frequency = settled.frequency,
    bill_start_on = settled.bill_start_on,
    bill_end_on = settled.bill_end_on,
    term_months = settled.term_months,
    order_ref = settled.order_ref,
    po_ref = settled.po_ref,
    asset_id = settled.asset_id,
    ended_by = CASE WHEN settled.bill_end_on IS NOT NULL THEN billed.ended_by END,
    content = NULL
FROM settled
WHERE billed.line_id = settled.line_id AND billed.charge_type = settled.charge_type;
