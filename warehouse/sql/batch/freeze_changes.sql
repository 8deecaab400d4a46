-- Freeze every due change of a billed charge as a row of the product file.
-- Params: $seq BIGINT, $tenant VARCHAR.
INSERT INTO out.batch_product
SELECT
    $seq AS seq,
    left(
        sha256(
            concat(
                $tenant, '|product|', line_id, '|', charge_type, '|',
                CASE action
                    WHEN 'ADD' THEN concat('add|', period)
                    ELSE concat('update|', nth)
                END
            )
        ),
        32
    ) AS row_key,
    customer_ref,
    site_ref,
    cli,
    sku,
    charge_type,
    action,
    product_name,
    quantity,
    unit_price,
    frequency,
    bill_start_on,
    bill_end_on,
    term_months,
    order_ref,
    po_ref,
    line_id,
    asset_id,
    site_id,
    'change' AS kind,
    period,
    nth,
    fields
FROM out.due_product;
