-- The frozen rows of a batch's product file, in file order.
-- Params: $seq BIGINT.
SELECT * EXCLUDE (seq, site_id, kind, period, nth, fields, group_key)
FROM out.batch_product
WHERE seq = $seq
ORDER BY
    customer_ref NULLS FIRST,
    site_ref NULLS FIRST,
    cli NULLS FIRST,
    sku NULLS FIRST,
    charge_type NULLS FIRST,
    line_id NULLS FIRST,
    row_key;
