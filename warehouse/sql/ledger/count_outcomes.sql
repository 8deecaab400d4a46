-- Rows of a batch by what became of them, CLIs left out; `moves`: those that bill a charge or take it back.
-- Params: $seq BIGINT.
SELECT
    outcome.outcome,
    written.kind IN ('charge', 'undo') AS moves,
    count(*) AS records
FROM out.batch_row AS written
LEFT JOIN out.batch_outcome AS outcome
    ON outcome.seq = $seq AND written.row_key = outcome.row_key
WHERE written.seq = $seq AND written.file <> 'clis'
GROUP BY ALL;
