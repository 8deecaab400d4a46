-- Charges Affinity refused are held until their content changes or a person releases them.
-- Params: $seq BIGINT.
INSERT INTO out.hold
SELECT charge.line_id, charge.charge_type, 'affinity_rejected' AS reason, charge.value
FROM out.charge AS charge
INNER JOIN ops.charge_state AS state
    ON charge.line_id = state.line_id AND charge.charge_type = state.charge_type
ANTI JOIN out.hold AS hold
    ON
        charge.line_id = hold.line_id
        AND charge.charge_type = hold.charge_type
        AND hold.reason = 'affinity_rejected'
WHERE state.batch_seq = $seq AND state.status = 'rejected' AND charge.disposition = 'held';
