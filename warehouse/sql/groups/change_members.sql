-- A member that changed, and so is in its group, even if it had ended before.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.group_member AS member
SET quantity = written.quantity, unit_price = written.unit_price, left_in = NULL
FROM out.batch_member AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.kind = 'change'
    AND written.action = 'UPDATE'
    AND outcomes.outcome = 'accepted'
    AND written.group_key = member.row_key
    AND written.line_id = member.line_id
    AND written.charge_type = member.charge_type;
