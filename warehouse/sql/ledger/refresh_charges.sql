-- Show the charges of the registered frame `outcomes` as they stand now, until the next run judges
-- them anew.
-- Params: $seq BIGINT.
UPDATE out.charge AS charge
SET
    as_judged = FALSE,
    disposition = outcomes.disposition,
    bill_status = outcomes.bill_status,
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
