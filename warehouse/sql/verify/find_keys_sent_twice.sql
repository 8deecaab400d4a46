-- Row keys that more than one batch holds, each neither refused nor given up: a fact handed over twice.
-- Params: none.
SELECT
    written.row_key,
    list(written.seq ORDER BY written.seq) AS batches
FROM out.batch_row AS written
LEFT JOIN out.batch_outcome AS outcome
    ON written.seq = outcome.seq AND written.row_key = outcome.row_key
WHERE coalesce(outcome.outcome, 'accepted') = 'accepted'
GROUP BY written.row_key
HAVING count(*) > 1
ORDER BY written.row_key;
