-- The batches that are not settled, and since when they are in the state they are in.
-- Params: none.
SELECT
    seq,
    as_of,
    state,
    "rows",
    coalesce(left(manifest_sha256, 12), '') AS digest,
    coalesce(in_doubt_at, delivered_at, written_at, created_at) AS since,
    CAST(coalesce(value, 0) AS DECIMAL(38, 4)) AS value
FROM mart.batch
WHERE state IN ('written', 'in_doubt', 'delivered')
ORDER BY seq;
