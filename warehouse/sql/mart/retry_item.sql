-- mart.retry_item: everything that failed, and what is to become of it.
CREATE OR REPLACE VIEW mart.retry_item AS
SELECT
    id,
    kind,
    subject,
    reason,
    attempts,
    next_at,
    state,
    value,
    message,
    first_seen_at,
    last_seen_at,
    batch_seq,
    outcome
FROM ops.retry_item;
