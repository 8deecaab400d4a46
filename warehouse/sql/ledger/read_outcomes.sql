-- Every row of a batch with what became of it; outcome null = nothing yet.
-- Params: $seq BIGINT.
SELECT
    row.row_key,
    row.file,
    row.line_id,
    row.charge_type,
    outcome.outcome
FROM (
    SELECT row_key, 'clis' AS file, NULL AS line_id, NULL AS charge_type
    FROM out.batch_cli
    WHERE seq = $seq
    UNION ALL
    SELECT row_key, 'ceases' AS file, line_id, charge_type
    FROM out.batch_cease
    WHERE seq = $seq
    UNION ALL
    SELECT row_key, 'products' AS file, line_id, charge_type
    FROM out.batch_product
    WHERE seq = $seq
) AS row
LEFT JOIN out.batch_outcome AS outcome
    ON outcome.seq = $seq AND row.row_key = outcome.row_key;
