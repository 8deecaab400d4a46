-- mart.batch_row: every row of every file of every batch, and what became of it.
CREATE OR REPLACE VIEW mart.batch_row AS
SELECT
    written.seq,
    written.file,
    written.row_key,
    CASE
        WHEN outcome.outcome IS NOT NULL THEN outcome.outcome
        WHEN batch.state = 'abandoned' THEN 'abandoned'
        ELSE 'pending'
    END AS outcome,
    outcome.code,
    outcome.message,
    written.line_id,
    written.charge_type
FROM (
    SELECT seq, '06_clis.csv' AS file, row_key, NULL AS line_id, NULL AS charge_type
    FROM out.batch_cli
    UNION ALL
    SELECT seq, '07_ceases.csv' AS file, row_key, line_id, charge_type
    FROM out.batch_cease
    UNION ALL
    SELECT seq, '08_products.csv' AS file, row_key, line_id, charge_type
    FROM out.batch_product
) AS written
LEFT JOIN out.batch AS batch ON written.seq = batch.seq
LEFT JOIN out.batch_outcome AS outcome
    ON written.seq = outcome.seq AND written.row_key = outcome.row_key;
