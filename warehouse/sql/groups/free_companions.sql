-- A refused row of a group is another once one of its charges goes without it: the others may go, too.
-- Params: $seq BIGINT.
UPDATE ops.charge_state AS state
SET refused_content = NULL
WHERE
    state.status = 'rejected'
    AND state.row_key IN (
        SELECT before.row_key
        FROM ops.charge_state AS before
        INNER JOIN out.batch_charge AS taken
            ON before.line_id = taken.line_id AND before.charge_type = taken.charge_type
        WHERE taken.seq = $seq AND taken.kind = 'charge' AND before.status = 'rejected'
    );
