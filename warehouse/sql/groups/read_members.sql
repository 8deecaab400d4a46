-- What was told of each charge in a group.
-- Params: none.
SELECT
    billed.row_key,
    billed.line_id,
    billed.charge_type,
    billed.period,
    billed.site_id,
    billed.ended_by,
    billed.refused_content,
    billed.customer_ref,
    billed.site_ref,
    billed.cli,
    billed.sku,
    billed.product_name,
    billed.quantity,
    billed.unit_price,
    billed.frequency,
    billed.bill_start_on,
    billed.bill_end_on,
    billed.term_months,
    billed.order_ref,
    billed.po_ref,
    billed.asset_id
FROM ops.billed AS billed
SEMI JOIN ops.billed_group AS made ON billed.row_key = made.row_key;
