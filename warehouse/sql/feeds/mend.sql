-- What was looked at again, and is fit or gone, is broken no more.
-- Params: $run_id VARCHAR.
UPDATE ops.broken AS broken
SET until_run = $run_id
FROM work.run_judged AS judged
WHERE
    broken.until_run IS NULL
    AND broken.feed = judged.feed
    AND broken.record_key = judged.record_key
    AND NOT EXISTS (
        FROM work.run_broken AS again
        WHERE again.feed = broken.feed AND again.record_key = broken.record_key
    );
