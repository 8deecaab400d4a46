-- Whether no run that looked at entities has finished before this one.
-- Params: $run_id VARCHAR.
SELECT count(*) = 0
FROM ops.run
WHERE
    run_id <> $run_id
    AND saw_entities
    AND status NOT IN ('running', 'failed');
