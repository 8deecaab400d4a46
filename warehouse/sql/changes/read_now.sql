-- NOW: what the judgement says today of charges that Affinity was told of, and that may not be as told.
-- Params: $first_row BIGINT, $last_row BIGINT: of which rows of out.now_charge.
SELECT
    now.* REPLACE (
        CASE WHEN rival.reason IS NULL THEN now.holds ELSE list_append(now.holds, rival.reason) END AS holds
    )
FROM out.now_charge AS now
SEMI JOIN ops.billed AS billed
    ON now.line_id = billed.line_id AND now.charge_type = billed.charge_type
LEFT JOIN work.change_rival AS rival
    ON now.line_id = rival.line_id AND now.charge_type = rival.charge_type
WHERE now.rowid BETWEEN $first_row AND $last_row;
