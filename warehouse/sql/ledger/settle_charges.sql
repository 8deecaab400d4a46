-- Store how the charges stand whose product rows are in the registered frame `outcomes`.
-- Params: $seq BIGINT.
UPDATE ops.charge_state AS state
SET
    status = outcomes.stands_as,
    in_billing_on = outcomes.in_billing_on,
    refused_content = outcomes.refused_content
FROM outcomes
WHERE state.row_key = outcomes.row_key AND state.batch_seq = $seq;
