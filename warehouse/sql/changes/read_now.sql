-- NOW: what the judgement says today of charges that Affinity was told of, and that may not be as told.
-- Params: $first_row BIGINT, $last_row BIGINT: of which rows of out.now_charge.
SELECT now.*
FROM out.now_charge AS now
SEMI JOIN ops.billed AS billed
    ON now.line_id = billed.line_id AND now.charge_type = billed.charge_type
WHERE now.rowid BETWEEN $first_row AND $last_row;
