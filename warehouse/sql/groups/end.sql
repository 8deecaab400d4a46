-- A group whose end Affinity took is billed until then.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.billed_group AS billed
SET bill_end_on = written.cease_on, refused_content = NULL
FROM out.batch_cease AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.kind <> 'undo'
    AND written.group_key = billed.row_key
    AND outcomes.outcome = 'accepted';
