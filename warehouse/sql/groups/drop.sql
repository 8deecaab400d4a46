-- A group that was undone is no more.
-- Params: $seq BIGINT. outcomes is a registered frame.
DELETE FROM ops.billed_group AS billed
WHERE EXISTS (
    SELECT 1
    FROM out.batch_cease AS written
    INNER JOIN outcomes ON written.row_key = outcomes.row_key
    WHERE
        written.seq = $seq
        AND written.kind = 'undo'
        AND written.group_key = billed.row_key
        AND outcomes.outcome = 'accepted'
);
