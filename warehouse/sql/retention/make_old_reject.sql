-- Rejects whose values nobody needs: of runs long ago, unless the record is still broken, or was until lately, and
-- this is the last that was said of it.
-- Params: $before DATE.
CREATE OR REPLACE TEMP TABLE old_reject AS
WITH wanted AS (
    SELECT reject.feed, reject.record_key, max(reject.run_id) AS run_id
    FROM ops.reject AS reject
    INNER JOIN ops.broken AS broken
        ON reject.feed = broken.feed AND reject.record_key = broken.record_key
    LEFT JOIN ops.run AS mended ON broken.until_run = mended.run_id
    WHERE broken.until_run IS NULL OR CAST(mended.started_at AS DATE) >= $before
    GROUP BY reject.feed, reject.record_key
)

SELECT DISTINCT reject.run_id, reject.feed, reject.record_key
FROM ops.reject AS reject
INNER JOIN ops.run AS run ON reject.run_id = run.run_id
ANTI JOIN wanted
    ON
        reject.run_id = wanted.run_id
        AND reject.feed = wanted.feed
        AND reject.record_key = wanted.record_key
WHERE CAST(run.started_at AS DATE) < $before;
