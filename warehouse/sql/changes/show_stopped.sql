-- Show a stopped charge as what it is now, until the next run judges it anew.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE out.charge AS charge
SET
    as_judged = FALSE,
    disposition = written.shown_as,
    bill_status = 'Not Billed',
    batch_seq = NULL,
    in_billing_on = NULL
FROM out.batch_end AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.kind = 'stop'
    AND outcomes.outcome = 'accepted'
    AND written.line_id = charge.line_id
    AND written.charge_type = charge.charge_type;
