-- Who lives on the CLIs that one line claims.
-- Params: $line_id VARCHAR.
SELECT *
FROM work.life
WHERE cli IN (SELECT cli FROM work.claim WHERE line_id = $line_id);
