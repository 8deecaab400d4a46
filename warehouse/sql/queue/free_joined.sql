-- Let the charges be judged afresh that were refused in a group's row, whose items are in the
-- registered frame `freed`.
-- Params: none.
UPDATE ops.charge_state AS state
SET refused_content = NULL
FROM ops.billed_group AS made
INNER JOIN freed
    ON concat('change:', made.lead_line_id, ':', made.charge_type) = freed.subject
WHERE state.row_key = made.row_key AND state.status = 'rejected';
