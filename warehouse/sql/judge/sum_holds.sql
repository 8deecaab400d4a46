-- Charges and money by hold reason.
SELECT
    reason,
    count(*) AS charges,
    CAST(coalesce(sum(value), 0) AS VARCHAR) AS value
FROM out.hold
GROUP BY reason
ORDER BY reason;
