-- What holds charges and their changes. A comma in a rule's name is none between reasons.
-- Params: none.
CREATE OR REPLACE TEMP TABLE side_held AS
SELECT line_id, charge_type, string_agg(DISTINCT reason, ',' ORDER BY reason) AS reasons
FROM (
    SELECT line_id, charge_type, replace(reason, ',', chr(31)) AS reason
    FROM out.hold
    UNION ALL
    SELECT layer_id AS line_id, charge_type, replace(reason, ',', chr(31)) AS reason
    FROM out.change_hold
    WHERE subject = 'charge'
) AS each
GROUP BY line_id, charge_type;
