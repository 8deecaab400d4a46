-- Rows of batches that Affinity shows as billed, by row key alone, while we have no answer to them, or
-- have their charge as abandoned, returned or rejected and it is billed there for a day at least.
-- Params: none.
SELECT product.seq, product.row_key
FROM out.batch_product AS product
SEMI JOIN (
    FROM out.batch WHERE state IN ('written', 'delivered', 'in_doubt', 'confirmed')
) AS batch ON product.seq = batch.seq
ANTI JOIN out.batch_outcome AS outcome
    ON product.seq = outcome.seq AND product.row_key = outcome.row_key
SEMI JOIN core.affinity_site_products AS there ON product.row_key = there.row_key
WHERE product.action = 'ADD'
UNION
SELECT product.seq, product.row_key
FROM ops.charge_state AS state
INNER JOIN out.batch_product AS product
    ON state.batch_seq = product.seq AND state.row_key = product.row_key
SEMI JOIN (
    FROM core.affinity_site_products WHERE end_on IS NULL OR end_on > start_on
) AS there ON product.row_key = there.row_key
WHERE product.action = 'ADD' AND state.status IN ('abandoned', 'returned', 'rejected')
ORDER BY seq, row_key;
