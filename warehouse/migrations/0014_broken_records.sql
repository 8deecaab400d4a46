-- Records that a delivery broke and none has mended: of deltas also those of earlier runs, and known records
-- whose parent is broken. From the run that broke it until the one that had it fit
-- again, or gone; null: still broken. Records without a readable key are not among them.
CREATE TABLE ops.broken (
    feed VARCHAR,
    record_key VARCHAR,
    from_run VARCHAR,
    until_run VARCHAR
);

INSERT INTO ops.broken
SELECT DISTINCT reject.feed, reject.record_key, reject.run_id, next_run.run_id
FROM ops.reject AS reject
ASOF LEFT JOIN (SELECT DISTINCT run_id FROM ops.feed_read) AS next_run ON reject.run_id < next_run.run_id
WHERE reject.record_key IS NOT NULL;
