-- What happened to every item of the retry queue, one row per change, so that a redrive is audited.

CREATE TABLE ops.retry_event (
    item_id BIGINT,
    "at" TIMESTAMP,
    action VARCHAR,
    actor VARCHAR,
    from_state VARCHAR,
    to_state VARCHAR,
    detail VARCHAR
);

-- Of items from before there is only how they stand.
INSERT INTO ops.retry_event
SELECT
    id, last_seen_at, 'noted', actor, NULL, state,
    'Its history was not kept before.'
FROM ops.retry_item
ORDER BY id;
