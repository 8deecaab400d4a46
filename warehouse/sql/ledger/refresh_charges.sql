-- Show the charges of the registered frame `outcomes` as they stand now, until the next run judges
-- them anew. What is In Billing by the feed stays so, taken or not: the feed wins.
-- Params: $seq BIGINT.
UPDATE out.charge AS charge
SET
    as_judged = FALSE,
    disposition = CASE
        WHEN charge.disposition = 'in_billing' THEN charge.disposition ELSE outcomes.disposition
    END,
    bill_status = CASE
        WHEN charge.disposition = 'in_billing' THEN charge.bill_status ELSE outcomes.bill_status
    END,
    batch_seq = outcomes.batch_seq,
    in_billing_on = outcomes.in_billing_on
FROM outcomes
INNER JOIN out.batch_charge AS product ON outcomes.row_key = product.row_key
WHERE
    product.seq = $seq
    AND product.kind = 'charge'
    AND coalesce(charge.batch_seq, $seq) = $seq
    AND charge.line_id = product.line_id
    AND charge.charge_type = product.charge_type;
