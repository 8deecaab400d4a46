-- The batches that are not settled, oldest first, their age by the day of the last run, and since
-- when they are in the state they are in.
-- Params: none.
SELECT
    seq,
    as_of,
    state,
    date_diff('day', as_of, (SELECT max(as_of) FROM mart.run)) AS age_days,
    "rows",
    value,
    left(manifest_sha256, 12) AS digest,
    coalesce(in_doubt_at, delivered_at, written_at, created_at) AS since
FROM mart.batch
WHERE state IN ('claimed', 'written', 'in_doubt', 'delivered')
ORDER BY seq;
