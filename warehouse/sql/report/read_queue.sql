-- The open items of the retry queue, the most money first. Affinity's words stay out: they may name
-- customers.
-- Params: none.
SELECT id, subject, reason, state, attempts, next_at, value
FROM mart.retry_item
WHERE state NOT IN ('done', 'discarded')
ORDER BY value DESC NULLS LAST, id;
