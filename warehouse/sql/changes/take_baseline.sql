-- What The Layer called In Billing when we first looked is billed as it looks now. That it gives way
-- to a charge which is not billed yet cannot have been told: the two go as a pair.
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
    CASE
        WHEN now.end_kind = 'replaced' AND successor.line_id IS NULL THEN NULL
        ELSE now.bill_end_on
    END AS bill_end_on,
    now.term_months,
    now.order_ref,
    now.po_ref,
    now.asset_id,
    CASE WHEN now.stops_because IS NOT NULL THEN 'seen_stopped' END AS ended_by
FROM out.now_charge AS now
ANTI JOIN ops.billed AS billed
    ON now.line_id = billed.line_id AND now.charge_type = billed.charge_type
LEFT JOIN (
    SELECT line_id, charge_type FROM ops.billed
    UNION
    SELECT line_id, charge_type FROM out.now_charge WHERE is_baseline
) AS successor
    ON
        now.replaced_by_line = successor.line_id
        AND now.charge_type = successor.charge_type
WHERE now.is_baseline;
