-- Charges and money by disposition, of the lines in the feeds.
SELECT
    charge.disposition,
    count(*) AS charges,
    CAST(coalesce(sum(charge.value), 0) AS VARCHAR) AS value
FROM out.charge AS charge
SEMI JOIN core.order_lines AS line ON charge.line_id = line.line_id
GROUP BY charge.disposition
ORDER BY charge.disposition;
