-- A CLI is live once its row was accepted; otherwise it is not ours to rely on.
-- Params: $seq BIGINT.
UPDATE ops.cli_state AS state
SET status = CASE outcomes.outcome WHEN 'accepted' THEN 'live' ELSE outcomes.outcome END
FROM outcomes
WHERE state.row_key = outcomes.row_key AND state.batch_seq = $seq;
