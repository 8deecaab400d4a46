-- Show why what Affinity refused of entities waits.
-- Params: $seq BIGINT. outcomes is a registered frame.
INSERT INTO out.change_hold BY NAME
SELECT DISTINCT
    change.subject,
    change.layer_id,
    change.customer_id,
    'affinity_rejected' AS reason
FROM out.change AS change
INNER JOIN out.batch_row AS written
    ON concat(change.subject, ':', change.layer_id) = written.subject
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE written.seq = $seq AND written.kind = 'entity' AND outcomes.stands_as = 'rejected';
