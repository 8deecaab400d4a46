-- The newest batches, newest first.
-- Params: $most BIGINT.
SELECT seq, as_of, state, "rows", value, delivery_mode, is_canary, undoes
FROM mart.batch
ORDER BY seq DESC
LIMIT $most;
