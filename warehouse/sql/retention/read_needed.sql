-- The landed files that runs have read lately.
-- Params: $before DATE.
SELECT DISTINCT read_in.path
FROM ops.feed_read AS read_in
INNER JOIN ops.run AS run ON read_in.run_id = run.run_id
WHERE CAST(coalesce(run.finished_at, run.started_at) AS DATE) >= $before;
