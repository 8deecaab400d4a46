-- Freeze every due row of files 01 to 05. A new product is proposed once; of anything else each row
-- that Affinity took counts.
-- Params: $seq BIGINT, $tenant VARCHAR.
INSERT INTO out.batch_entity
SELECT
    $seq AS seq,
    due.file,
    left(
        sha256(
            concat(
                $tenant, '|',
                CASE due.file
                    WHEN 'customers' THEN 'customer'
                    WHEN 'sites' THEN 'site'
                    WHEN 'addresses' THEN 'address'
                    WHEN 'contacts' THEN 'contact'
                    WHEN 'new_products' THEN 'new_product'
                END,
                '|', due.layer_id,
                CASE
                    WHEN due.file <> 'new_products'
                        THEN concat('|', coalesce(state.taken, 0) + 1)
                END
            )
        ),
        32
    ) AS row_key,
    due.layer_id,
    due.customer_id,
    due.action,
    coalesce(state.taken, 0) + 1 AS nth,
    due.cells
FROM out.due_entity AS due
LEFT JOIN ops.entity_state AS state ON due.file = state.file AND due.layer_id = state.layer_id;
