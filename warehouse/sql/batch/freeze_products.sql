-- Freeze every ready charge as a row of the product file. A charge that was billed before and stopped
-- goes as a further stretch of billing, with a key of its own.
-- Params: $seq BIGINT, $tenant VARCHAR.
INSERT INTO out.batch_product
SELECT
    $seq AS seq,
    left(
        sha256(
            concat(
                $tenant, '|product|', charge.line_id, '|', charge.charge_type, '|add',
                CASE WHEN billed.period IS NOT NULL THEN concat('|', billed.period + 1) END
            )
        ),
        32
    ) AS row_key,
    charge.customer_ref,
    charge.site_ref,
    charge.cli,
    charge.sku,
    charge.charge_type,
    'ADD' AS action,
    product.name AS product_name,
    charge.quantity,
    charge.unit_price,
    charge.frequency,
    charge.bill_start_on,
    charge.bill_end_on,
    charge.term_months,
    charge.order_ref,
    charge.po_ref,
    charge.line_id,
    charge.asset_id,
    charge.site_id,
    'charge' AS kind,
    coalesce(billed.period, 0) + 1 AS period,
    NULL AS nth,
    NULL AS fields
FROM out.charge AS charge
INNER JOIN core.products AS product ON charge.product_id = product.product_id
LEFT JOIN ops.billed AS billed
    ON charge.line_id = billed.line_id AND charge.charge_type = billed.charge_type
WHERE charge.disposition = 'ready';
