-- What came of the billed charges that a batch changed or ended, one row per charge: taken whole, or refused.
-- Params: $seq BIGINT. outcomes is a registered frame.
CREATE OR REPLACE TEMP TABLE answered_charge AS
SELECT
    written.line_id,
    written.charge_type,
    bool_and(outcomes.outcome = 'accepted') AS is_taken,
    bool_or(outcomes.stands_as = 'rejected') AS is_refused
FROM (
    SELECT row_key, line_id, charge_type
    FROM out.batch_charge
    WHERE seq = $seq AND kind = 'change'
    UNION ALL
    SELECT row_key, line_id, charge_type
    FROM out.batch_end
    WHERE seq = $seq AND kind <> 'undo'
) AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
GROUP BY written.line_id, written.charge_type;
