-- What was undone is held: its row was accepted once and is never sent again.
-- Params: $seq BIGINT.
INSERT INTO out.hold
SELECT charge.line_id, charge.charge_type, 'undone' AS reason, charge.value
FROM out.charge AS charge
INNER JOIN ops.charge_state AS state
    ON
        charge.line_id = state.line_id
        AND charge.charge_type = state.charge_type
        AND state.status = 'undone'
INNER JOIN out.batch_cease AS cease ON state.row_key = cease.undoes_key AND cease.seq = $seq
ANTI JOIN out.hold AS hold
    ON
        charge.line_id = hold.line_id
        AND charge.charge_type = hold.charge_type
        AND hold.reason = 'undone'
WHERE charge.disposition = 'held';
