-- The charges that an undo of a group takes back with the one row.
-- Params: $seq BIGINT.
INSERT INTO out.batch_member BY NAME
SELECT
    cease.seq,
    cease.row_key,
    cease.group_key,
    cease.line_id AS lead_line_id,
    state.line_id,
    state.charge_type,
    'undo' AS kind,
    billed.period,
    cease.cease_on,
    cease.cease_reason,
    billed.asset_id
FROM out.batch_cease AS cease
INNER JOIN ops.charge_state AS state ON cease.group_key = state.row_key
LEFT JOIN ops.billed AS billed
    ON state.line_id = billed.line_id AND state.charge_type = billed.charge_type
WHERE cease.seq = $seq AND cease.kind = 'undo' AND state.status = 'in_billing';
