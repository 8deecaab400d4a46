-- Rows of batches that Affinity shows as billed for a day at least, by row key alone, while we have no answer to
-- them, or have their charge as abandoned, returned or rejected. Where a key was in several batches, Affinity may
-- have the row of another one: then it must bill what this one says.
-- Params: none.
WITH there AS (
    FROM core.affinity_site_products
    WHERE end_on IS NULL OR end_on > start_on
),

told AS (
    SELECT product.seq, product.row_key, product.quantity, product.unit_price, product.sku
    FROM out.batch_product AS product
    SEMI JOIN there ON product.row_key = there.row_key
    WHERE product.action = 'ADD'
),

found AS (
    SELECT told.seq, told.row_key
    FROM told
    SEMI JOIN (
        FROM out.batch WHERE state IN ('written', 'delivered', 'in_doubt', 'confirmed')
    ) AS batch ON told.seq = batch.seq
    ANTI JOIN out.batch_outcome AS outcome
        ON told.seq = outcome.seq AND told.row_key = outcome.row_key
    UNION
    SELECT told.seq, told.row_key
    FROM ops.charge_state AS state
    INNER JOIN told ON state.batch_seq = told.seq AND state.row_key = told.row_key
    WHERE state.status IN ('abandoned', 'returned', 'rejected')
),

of_another AS (
    SELECT told.seq, told.row_key
    FROM told
    INNER JOIN there ON told.row_key = there.row_key
    SEMI JOIN (
        SELECT row_key FROM told GROUP BY row_key HAVING count(*) > 1
    ) AS repeated ON told.row_key = repeated.row_key
    WHERE
        there.quantity <> told.quantity
        OR there.unit_price <> told.unit_price
        OR there.product_code <> told.sku
)

SELECT found.seq, found.row_key
FROM found
ANTI JOIN of_another ON found.seq = of_another.seq AND found.row_key = of_another.row_key
ORDER BY found.seq, found.row_key;
