-- Show that what batch $seq says of entities has left.
-- Params: $seq BIGINT.
UPDATE out.change AS change
SET state = 'in_flight'
FROM out.batch_row AS written
WHERE
    written.seq = $seq
    AND written.kind = 'entity'
    AND concat(change.subject, ':', change.layer_id) = written.subject;
