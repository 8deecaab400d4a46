-- What was read of a feed that is as it was.
-- Params: $feed VARCHAR, $run_id VARCHAR, $path VARCHAR.
INSERT INTO work.run_feed
SELECT
    $run_id AS run_id,
    counted.feed,
    counted.sha256,
    $path AS path,
    counted.records_read,
    counted.accepted,
    counted.rejected
FROM ops.feed_read AS counted
INNER JOIN work.accepted AS known ON counted.feed = known.feed AND counted.run_id = known.run_id
WHERE counted.feed = $feed;
