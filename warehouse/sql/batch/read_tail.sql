-- The last batch that was not abandoned: is it a canary, and how many of its rows were not accepted.
SELECT
    coalesce(batch.is_canary, FALSE) AS is_canary,
    batch.state,
    batch.row_count - (
        SELECT count(*)
        FROM out.batch_outcome AS outcome
        WHERE outcome.seq = batch.seq AND outcome.outcome = 'accepted'
    ) AS rows_not_accepted
FROM out.batch AS batch
WHERE batch.state <> 'abandoned'
ORDER BY batch.seq DESC
LIMIT 1;
