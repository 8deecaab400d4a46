-- Rows of batches that Affinity shows as billed, by row key alone, while we have no answer to them, or
-- have their charge as abandoned, returned or rejected and it is billed there for a day at least.
-- Params: none.
SELECT DISTINCT product.seq, product.row_key
FROM out.batch_product AS product
INNER JOIN out.batch AS batch ON product.seq = batch.seq
INNER JOIN core.affinity_site_products AS there ON product.row_key = there.row_key
LEFT JOIN out.batch_outcome AS outcome
    ON product.seq = outcome.seq AND product.row_key = outcome.row_key
LEFT JOIN ops.charge_state AS state
    ON product.seq = state.batch_seq AND product.row_key = state.row_key
WHERE
    product.action = 'ADD'
    AND (
        (
            outcome.row_key IS NULL
            AND batch.state IN ('written', 'delivered', 'in_doubt', 'confirmed')
        )
        OR (
            state.status IN ('abandoned', 'returned', 'rejected')
            AND (there.end_on IS NULL OR there.end_on > there.start_on)
        )
    )
ORDER BY product.seq, product.row_key;
