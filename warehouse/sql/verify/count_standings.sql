-- How charges and CLIs stand, beside the outcome of the row that says so; how many, and the first. What
-- was seen in Affinity or is only stopped has no row of ours.
-- Params: none.
SELECT
    'charge' AS kind,
    state.status,
    outcome.outcome,
    written.row_key IS NOT NULL AS has_row,
    count(*) AS subjects,
    min(state.batch_seq) AS batch_seq
FROM ops.charge_state AS state
LEFT JOIN (
    -- a group's charges that go on in another row stand by the change that took them there
    SELECT seq, line_id, charge_type, arg_min(row_key, kind <> 'charge') AS row_key
    FROM out.batch_charge
    GROUP BY seq, line_id, charge_type
) AS written
    ON
        state.batch_seq = written.seq
        AND state.line_id = written.line_id
        AND state.charge_type = written.charge_type
LEFT JOIN out.batch_outcome AS outcome
    ON written.seq = outcome.seq AND written.row_key = outcome.row_key
GROUP BY ALL
UNION ALL
SELECT
    'cli' AS kind,
    state.status,
    outcome.outcome,
    written.row_key IS NOT NULL AS has_row,
    count(*) AS subjects,
    min(state.batch_seq) AS batch_seq
FROM ops.cli_state AS state
LEFT JOIN out.batch_cli AS written
    ON state.batch_seq = written.seq AND state.row_key = written.row_key
LEFT JOIN out.batch_outcome AS outcome
    ON written.seq = outcome.seq AND written.row_key = outcome.row_key
GROUP BY ALL
ORDER BY ALL;
