-- mart.run: every run, how it ended and what it counted.
CREATE OR REPLACE VIEW mart.run AS
SELECT run_id, as_of, started_at, finished_at, status, counts, exit_code, message
FROM ops.run;
