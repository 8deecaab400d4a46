-- Move the charges that the cease rows in the registered frame `outcomes` are about.
-- Params: $seq BIGINT.
UPDATE ops.charge_state AS state
SET
    status = outcomes.stands_as,
    in_billing_on = CASE
        WHEN outcomes.stands_as = 'in_billing' THEN state.in_billing_on
    END
FROM out.batch_cease AS cease
INNER JOIN outcomes ON cease.row_key = outcomes.row_key
WHERE
    cease.seq = $seq
    AND cease.undoes_key = state.row_key
    AND state.status = 'in_billing';
