-- How many rows of each file every batch has frozen.
-- Params: none.
SELECT seq, file, count(*) AS rows
FROM out.batch_row
GROUP BY seq, file
ORDER BY seq, file;
