-- Why charges are held, the most money first. A charge that is held for two reasons is in both. What is
-- gone from the feeds is held by nothing.
-- Params: none.
SELECT
    reason,
    count(*) AS charges,
    CAST(sum(coalesce(value, 0)) AS DECIMAL(38, 4)) AS value
FROM mart.hold
WHERE reason <> 'source_gone'
GROUP BY reason
ORDER BY value DESC, reason;
