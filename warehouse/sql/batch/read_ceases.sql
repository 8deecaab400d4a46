-- The frozen rows of a batch's cease file, in file order.
-- Params: $seq BIGINT.
SELECT * EXCLUDE (seq, line_id, undoes_key, kind, period, nth, shown_as, value, group_key)
FROM out.batch_cease
WHERE seq = $seq
ORDER BY
    customer_ref NULLS FIRST,
    site_ref NULLS FIRST,
    cli NULLS FIRST,
    sku NULLS FIRST,
    asset_id NULLS FIRST,
    row_key;
