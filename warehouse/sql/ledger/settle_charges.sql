-- Store how the charges stand whose product rows are in the registered frame `outcomes`. What joins a
-- group is billed once the group's row was changed.
-- Params: $seq BIGINT.
UPDATE ops.charge_state AS state
SET
    status = CASE outcomes.stands_as WHEN 'changed' THEN 'in_billing' ELSE outcomes.stands_as END,
    in_billing_on = outcomes.in_billing_on,
    refused_content = CASE
        WHEN outcomes.refused_content IS NOT NULL
            THEN coalesce(written.content, outcomes.refused_content)
    END
FROM out.batch_charge AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.kind = 'charge'
    AND written.line_id = state.line_id
    AND written.charge_type = state.charge_type
    AND state.batch_seq = $seq;
