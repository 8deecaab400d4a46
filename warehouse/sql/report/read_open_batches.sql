-- The batches that are not settled, oldest first, and their age by the day of the last run.
-- Params: none.
SELECT
    seq,
    as_of,
    state,
    date_diff('day', as_of, (SELECT max(as_of) FROM mart.run)) AS age_days,
    "rows",
    value,
    left(manifest_sha256, 12) AS digest
FROM mart.batch
WHERE state IN ('claimed', 'written', 'in_doubt', 'delivered')
ORDER BY seq;
