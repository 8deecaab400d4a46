-- Forget what was told of charges that begin anew with an accepted row, or were undone.
-- Params: $seq BIGINT. outcomes is a registered frame.
DELETE FROM ops.billed AS billed
WHERE
    EXISTS (
        SELECT 1
        FROM out.batch_product AS written
        INNER JOIN outcomes ON written.row_key = outcomes.row_key
        WHERE
            written.seq = $seq
            AND written.action = 'ADD'
            AND outcomes.outcome = 'accepted'
            AND written.line_id = billed.line_id
            AND written.charge_type = billed.charge_type
    )
    OR EXISTS (
        SELECT 1
        FROM out.batch_cease AS written
        INNER JOIN outcomes ON written.row_key = outcomes.row_key
        WHERE
            written.seq = $seq
            AND written.kind = 'undo'
            AND outcomes.outcome = 'accepted'
            AND written.line_id = billed.line_id
            AND written.charge_type = billed.charge_type
    );
