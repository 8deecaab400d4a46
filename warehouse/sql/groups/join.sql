-- Who is new in a group's row is a member of it.
-- Params: $seq BIGINT. outcomes is a registered frame.
INSERT INTO ops.group_member BY NAME
SELECT
    written.group_key AS row_key,
    written.lead_line_id,
    written.line_id,
    written.charge_type,
    written.quantity,
    written.unit_price,
    $seq AS joined_in
FROM out.batch_member AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
INNER JOIN ops.billed AS billed
    ON
        written.line_id = billed.line_id
        AND written.charge_type = billed.charge_type
        AND written.group_key = billed.row_key
WHERE written.seq = $seq AND written.action = 'ADD' AND outcomes.outcome = 'accepted';
