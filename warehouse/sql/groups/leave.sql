-- Members that ended have left, and so have those that went on as a row of their own.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.group_member AS member
SET left_in = $seq
FROM (
    SELECT row_key, line_id, charge_type
    FROM out.batch_member
    WHERE seq = $seq AND kind IN ('cease', 'stop', 'undo')
    UNION ALL
    SELECT row_key, line_id, charge_type
    FROM out.batch_product
    WHERE seq = $seq AND kind = 'change' AND action = 'ADD'
) AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    outcomes.outcome = 'accepted'
    AND written.line_id = member.line_id
    AND written.charge_type = member.charge_type
    AND member.left_in IS NULL;
