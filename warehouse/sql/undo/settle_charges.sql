-- Note that the charges are undone whose cease rows in the registered frame `outcomes` say so.
-- Params: $seq BIGINT.
UPDATE ops.charge_state AS state
SET
    status = outcomes.stands_as,
    in_billing_on = NULL
FROM out.batch_cease AS cease
INNER JOIN outcomes ON cease.row_key = outcomes.row_key
WHERE
    cease.seq = $seq
    AND cease.undoes_key = state.row_key
    AND state.status = 'in_billing'
    AND outcomes.stands_as = 'undone';
