-- What is at stake when a person decides about a batch: its digest, its money, rows without an outcome.
-- Params: $seq BIGINT
SELECT
    batch.manifest_sha256,
    abs(batch.value) AS money,
    batch.row_count - (
        SELECT count(*) FROM out.batch_outcome AS outcome WHERE outcome.seq = batch.seq
    ) AS open_rows
FROM out.batch AS batch
WHERE batch.seq = $seq;
