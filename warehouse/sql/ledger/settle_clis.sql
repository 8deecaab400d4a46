-- Store how the CLIs stand whose rows are in the registered frame `outcomes`.
-- Params: $seq BIGINT.
UPDATE ops.cli_state AS state
SET status = outcomes.stands_as
FROM outcomes
WHERE state.row_key = outcomes.row_key AND state.batch_seq = $seq;
