-- Move the charges whose product rows are in the registered frame `outcomes`.
-- Params: $seq BIGINT, $today DATE.
UPDATE ops.charge_state AS state
SET
    status = outcomes.stands_as,
    in_billing_on = CASE WHEN outcomes.stands_as = 'in_billing' THEN $today::DATE END,
    refused_content = outcomes.refused_content
FROM outcomes
WHERE state.row_key = outcomes.row_key AND state.batch_seq = $seq;
