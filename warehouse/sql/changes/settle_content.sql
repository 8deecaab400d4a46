-- Charges that are as told after all need not be compared until they change again.
-- Params: $first_row BIGINT, $last_row BIGINT: of which rows of `as_told`.
UPDATE ops.billed AS billed
SET content = settled.content
FROM as_told AS settled
WHERE
    settled.rowid BETWEEN $first_row AND $last_row
    AND billed.line_id = settled.line_id
    AND billed.charge_type = settled.charge_type;
