-- Whether no run before this one has looked at entities. One that broke off later has kept what it saw.
-- Params: $run_id VARCHAR.
SELECT count(*) = 0
FROM ops.run
WHERE
    run_id <> $run_id
    AND saw_entities;
