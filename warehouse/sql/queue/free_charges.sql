-- Let the refused charges of the registered frame `freed` (subject) be judged afresh, and all that went
-- in one row with them.
-- Params: none.
UPDATE ops.charge_state AS state
SET refused_content = NULL
FROM (
    SELECT named.batch_seq, named.row_key
    FROM ops.charge_state AS named
    INNER JOIN freed ON concat('charge:', named.line_id, ':', named.charge_type) = freed.subject
) AS refused
WHERE state.batch_seq = refused.batch_seq AND state.row_key = refused.row_key;
