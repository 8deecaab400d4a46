-- Bring the charges of a batch up to what the ledger says, until the next run judges them anew.
-- Params: $seq BIGINT.
UPDATE out.charge AS charge
SET
    disposition = CASE state.status
        WHEN 'in_billing' THEN 'in_billing'
        WHEN 'rejected' THEN 'held'
        WHEN 'abandoned' THEN 'ready'
        ELSE charge.disposition
    END,
    bill_status = CASE state.status WHEN 'in_billing' THEN 'In Billing' ELSE charge.bill_status END,
    batch_seq = CASE
        WHEN state.status IN ('in_billing', 'exported') THEN charge.batch_seq
    END,
    in_billing_on = state.in_billing_on
FROM ops.charge_state AS state
WHERE
    state.batch_seq = $seq
    AND charge.batch_seq = $seq
    AND charge.line_id = state.line_id
    AND charge.charge_type = state.charge_type;
