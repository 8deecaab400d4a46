-- How many charges a batch put In Billing by letting them join groups that were there.
-- Params: $seq BIGINT.
SELECT count(*)
FROM out.batch_member AS member
INNER JOIN ops.charge_state AS state
    ON member.line_id = state.line_id AND member.charge_type = state.charge_type
WHERE
    member.seq = $seq
    AND member.kind = 'charge'
    AND member.row_key <> member.group_key
    AND state.batch_seq = $seq
    AND state.row_key = member.group_key
    AND state.status = 'in_billing';
