-- What a run has broken is broken from then on, if it was not before.
-- Params: $run_id VARCHAR.
INSERT INTO ops.broken
SELECT fresh.feed, fresh.record_key, $run_id, NULL
FROM work.run_broken AS fresh
ANTI JOIN (FROM ops.broken WHERE until_run IS NULL) AS known
    ON fresh.feed = known.feed AND fresh.record_key = known.record_key;
