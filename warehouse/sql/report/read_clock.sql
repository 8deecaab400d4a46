-- Money that is late, or taken and must not be, by kind and age.
-- Params: none.
SELECT
    kind,
    age,
    count(*) AS records,
    CAST(sum(per_month) AS DECIMAL(38, 4)) AS per_month,
    CAST(sum(once) AS DECIMAL(38, 4)) AS once,
    max(age_days) AS oldest_days
FROM mart.money_clock
GROUP BY kind, age
ORDER BY kind, min(age_days);
