-- Why charges are held, the most money first. A charge that is held for two reasons is in both.
-- Params: none.
SELECT
    reason,
    count(*) AS charges,
    CAST(sum(coalesce(value, 0)) AS DECIMAL(38, 4)) AS value
FROM mart.hold
GROUP BY reason
ORDER BY value DESC, reason;
