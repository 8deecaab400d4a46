-- Ready recurring charges of service assets without a CLI or numbers, and the stretch of billing that
-- each would begin.
-- Params: none.
SELECT
    charge.line_id,
    charge.charge_type,
    coalesce(billed.period, 0) + 1 AS period,
    charge.customer_id,
    charge.site_id,
    charge.customer_ref,
    charge.site_ref,
    charge.cli,
    charge.sku,
    product.name AS product_name,
    charge.quantity,
    charge.unit_price,
    charge.frequency,
    charge.bill_start_on,
    charge.bill_end_on,
    charge.term_months,
    charge.order_ref,
    charge.po_ref,
    charge.asset_id
FROM out.charge AS charge
INNER JOIN core.products AS product ON charge.product_id = product.product_id
LEFT JOIN ops.billed AS billed
    ON charge.line_id = billed.line_id AND charge.charge_type = billed.charge_type
ANTI JOIN core.asset_numbers AS number ON charge.asset_id = number.asset_id
WHERE
    charge.disposition = 'ready'
    AND charge.charge_type = 'recurring'
    AND charge.item_type = 'Service'
    AND charge.cli IS NULL
    AND charge.asset_id IS NOT NULL;
