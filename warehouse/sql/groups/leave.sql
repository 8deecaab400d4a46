-- Members that ended have left, and so have those that went on in another row.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.group_member AS member
SET left_in = $seq
FROM out.batch_member AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND outcomes.outcome = 'accepted'
    AND written.line_id = member.line_id
    AND written.charge_type = member.charge_type
    AND member.left_in IS NULL
    AND (written.action = 'ADD' OR (written.kind <> 'change' AND written.group_key = member.row_key));
