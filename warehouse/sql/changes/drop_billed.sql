-- Forget what was told of charges that begin anew with an accepted row, or were undone.
-- Params: $seq BIGINT. outcomes is a registered frame.
DELETE FROM ops.billed AS billed
WHERE
    EXISTS (
        SELECT 1
        FROM out.batch_charge AS written
        INNER JOIN outcomes ON written.row_key = outcomes.row_key
        WHERE
            written.seq = $seq
            AND written.action = 'ADD'
            AND outcomes.outcome = 'accepted'
            AND written.line_id = billed.line_id
            AND written.charge_type = billed.charge_type
            AND (
                written.group_key IS NULL
                OR EXISTS (
                    SELECT 1
                    FROM ops.charge_state AS state
                    WHERE
                        state.line_id = written.line_id
                        AND state.charge_type = written.charge_type
                        AND state.batch_seq = $seq
                )
            )
    )
    OR EXISTS (
        SELECT 1
        FROM out.batch_end AS written
        INNER JOIN outcomes ON written.row_key = outcomes.row_key
        WHERE
            written.seq = $seq
            AND written.kind = 'undo'
            AND outcomes.outcome = 'accepted'
            AND written.line_id = billed.line_id
            AND written.charge_type = billed.charge_type
    );
