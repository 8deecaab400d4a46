-- The runs until a day that remembered what both sides said, newest first, with what they read of a
-- feed: null where it was not delivered. `rejected` counts what earlier deltas broke, too. One that failed
-- has read feeds, and kept nothing of them.
-- Params: $known_at DATE (null: all), $feed VARCHAR.
SELECT
    run.run_id,
    run.as_of,
    feed.accepted,
    greatest(feed.rejected, (
        SELECT count(*)
        FROM ops.broken
        WHERE
            broken.feed = $feed
            AND broken.from_run <= run.run_id
            AND coalesce(broken.until_run > run.run_id, TRUE)
    )) AS rejected
FROM ops.run AS run
SEMI JOIN ops.feed_read AS any_feed ON run.run_id = any_feed.run_id
LEFT JOIN ops.feed_read AS feed ON run.run_id = feed.run_id AND feed.feed = $feed
WHERE
    run.status NOT IN ('failed', 'running')
    AND ($known_at IS NULL OR run.as_of <= $known_at)
ORDER BY run.run_id DESC;
