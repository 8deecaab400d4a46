-- What the charges of one line claim.
-- Params: $line_id VARCHAR.
SELECT *
FROM work.claim
WHERE line_id = $line_id;
