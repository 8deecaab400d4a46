-- How many charges that a batch put In Billing were ceased and added anew since: they are billed because
-- of another batch. And how many charges it only changed.
-- Params: $seq BIGINT.
SELECT
    count(*) FILTER (product.kind = 'charge' AND billed.row_key <> product.row_key) AS changed_since,
    count(*) FILTER (product.kind = 'change') AS only_changed
FROM out.batch_product AS product
INNER JOIN out.batch_outcome AS outcome
    ON product.seq = outcome.seq AND product.row_key = outcome.row_key
INNER JOIN ops.charge_state AS state
    ON product.line_id = state.line_id AND product.charge_type = state.charge_type
INNER JOIN ops.billed AS billed
    ON product.line_id = billed.line_id AND product.charge_type = billed.charge_type
WHERE
    product.seq = $seq
    AND product.group_key IS NULL
    AND outcome.outcome = 'accepted'
    AND state.status = 'in_billing'
    AND (product.kind = 'change' OR product.row_key = state.row_key);
