-- When the last run began and how it ended, and when the last one began that did not fail.
-- Params: none.
SELECT
    max(started_at) AS last_run,
    max(started_at) FILTER (status NOT IN ('failed', 'running')) AS last_success,
    arg_max(status, started_at) FILTER (status <> 'running') AS status,
    arg_max(coalesce(message, ''), started_at) FILTER (status <> 'running') AS message
FROM mart.run;
