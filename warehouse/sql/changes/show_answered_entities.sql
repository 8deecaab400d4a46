-- What Affinity refused of entities is held; what came back otherwise is due again.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE out.change AS change
SET state = CASE outcomes.stands_as WHEN 'rejected' THEN 'held' ELSE 'due' END
FROM out.batch_row AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.kind = 'entity'
    AND concat(change.subject, ':', change.layer_id) = written.subject;
