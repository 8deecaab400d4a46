-- Forget where the charges of a batch stood before.
-- Params: $seq BIGINT.
DELETE FROM ops.charge_state AS state
WHERE EXISTS (
    SELECT 1
    FROM out.batch_charge AS product
    WHERE
        product.seq = $seq
        AND product.kind = 'charge'
        AND product.line_id = state.line_id
        AND product.charge_type = state.charge_type
);
