-- Keep what Affinity refused of a billed charge, so that it is not sent again as it was.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.billed AS billed
SET refused_content = outcomes.refused_content
FROM out.batch_row AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.kind IN ('change', 'cease', 'stop')
    AND outcomes.stands_as = 'rejected'
    AND written.line_id = billed.line_id
    AND written.charge_type = billed.charge_type;
