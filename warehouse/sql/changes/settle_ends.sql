-- What Affinity took as an end is billed until then. A stopped charge that was seen to be free again
-- meanwhile remembers since when.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.billed AS billed
SET
    bill_end_on = written.cease_on,
    ended_by = CASE WHEN written.kind = 'sooner' THEN 'stop' ELSE written.kind END,
    resumes_on = CASE WHEN written.kind IN ('stop', 'sooner') THEN billed.resumes_on END,
    refused_end = NULL,
    content = NULL
FROM out.batch_end AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.kind <> 'undo'
    AND outcomes.outcome = 'accepted'
    AND written.line_id = billed.line_id
    AND written.charge_type = billed.charge_type
    AND written.period = billed.period;
