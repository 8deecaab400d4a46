-- The assets and lines of the charges that are as they were remembered.
-- Params: none.
INSERT INTO side_sold
SELECT fact.line_id, fact.asset_id
FROM ops.layer_fact AS fact
ANTI JOIN side_line AS line ON fact.line_id = line.line_id
WHERE fact.known_to IS NULL
    -- not the earlier stretches of their billing
    AND fact.layer_key = concat('line:', fact.line_id, ':', fact.charge_type);
