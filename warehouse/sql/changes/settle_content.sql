-- Charges that are as told after all need not be compared until they change again.
-- Params: none. settled is a registered frame.
UPDATE ops.billed AS billed
SET content = settled.content
FROM settled
WHERE billed.line_id = settled.line_id AND billed.charge_type = settled.charge_type;
