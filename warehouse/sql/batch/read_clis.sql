-- The frozen rows of a batch's CLI file, in file order.
-- Params: $seq BIGINT.
SELECT * EXCLUDE (seq, nth, previous_site_ref)
FROM out.batch_cli
WHERE seq = $seq
ORDER BY customer_ref NULLS FIRST, site_ref NULLS FIRST, cli NULLS FIRST, row_key;
