-- Forget what was said before of the rows in the registered frame `outcomes`.
-- Params: $seq BIGINT.
DELETE FROM out.batch_outcome
WHERE seq = $seq AND row_key IN (SELECT outcomes.row_key FROM outcomes);
