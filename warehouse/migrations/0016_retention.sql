-- What was removed because it had been kept for long enough: one row per kind and time. before: what is older than
-- that day went; finished_at null: it was cut off, and the next time finishes it.
CREATE TABLE ops.retention (
    "at" TIMESTAMP,
    actor VARCHAR,
    kind VARCHAR,
    before DATE,
    files BIGINT,
    rows BIGINT,
    bytes BIGINT,
    finished_at TIMESTAMP
);
