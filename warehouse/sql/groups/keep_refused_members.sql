-- Keep what Affinity refused of members that were to go on in a row of their own.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.billed AS billed
SET refused_content = written.content
FROM out.batch_member AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.kind = 'change'
    AND written.action = 'ADD'
    AND outcomes.stands_as = 'rejected'
    AND written.line_id = billed.line_id
    AND written.charge_type = billed.charge_type;
