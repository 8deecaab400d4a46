-- The billed charges with a change or an end that has no answer yet, their own or their group's.
-- Params: none.
CREATE OR REPLACE TABLE work.in_flight AS
WITH asked AS (
    SELECT written.seq, written.row_key
    FROM out.batch_row AS written
    INNER JOIN out.batch AS batch ON written.seq = batch.seq
    ANTI JOIN out.batch_outcome AS outcome
        ON written.seq = outcome.seq AND written.row_key = outcome.row_key
    WHERE written.line_id IS NOT NULL AND written.kind <> 'charge' AND batch.state <> 'abandoned'
)

SELECT charge.line_id, charge.charge_type
FROM asked
INNER JOIN out.batch_charge AS charge
    ON asked.seq = charge.seq AND asked.row_key = charge.row_key
WHERE charge.kind <> 'charge'
UNION
SELECT ended.line_id, ended.charge_type
FROM asked
INNER JOIN out.batch_end AS ended ON asked.seq = ended.seq AND asked.row_key = ended.row_key
UNION
SELECT billed.line_id, billed.charge_type
FROM (
    SELECT seq, row_key, group_key
    FROM out.batch_product
    WHERE group_key IS NOT NULL
    UNION ALL
    SELECT seq, row_key, group_key
    FROM out.batch_cease
    WHERE group_key IS NOT NULL
) AS row
INNER JOIN asked ON row.seq = asked.seq AND row.row_key = asked.row_key
INNER JOIN ops.billed AS billed ON row.group_key = billed.row_key;
