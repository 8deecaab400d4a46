-- Set ready charges aside whose predecessor cannot end in the same batch.
UPDATE out.charge AS charge
SET disposition = 'set_aside'
FROM out.pair_wait AS wait
WHERE
    charge.disposition = 'ready'
    AND charge.line_id = wait.line_id
    AND charge.charge_type = wait.charge_type;
