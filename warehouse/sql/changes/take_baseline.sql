-- What The Layer called In Billing when we first looked is billed as it looks now.
-- Params: none.
INSERT INTO ops.billed BY NAME
SELECT
    now.line_id,
    now.charge_type,
    1 AS period,
    0 AS updates,
    now.site_id,
    now.customer_ref,
    now.site_ref,
    now.cli,
    now.sku,
    now.product_name,
    now.quantity,
    now.unit_price,
    now.frequency,
    now.bill_start_on,
    now.bill_end_on,
    now.term_months,
    now.order_ref,
    now.po_ref,
    now.asset_id,
    CASE WHEN now.stops_because IS NOT NULL THEN 'seen_stopped' END AS ended_by
FROM out.now_charge AS now
ANTI JOIN ops.billed AS billed
    ON now.line_id = billed.line_id AND now.charge_type = billed.charge_type
WHERE now.is_baseline;
