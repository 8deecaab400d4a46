-- What a past day shows otherwise now, by its class then and now; null: not known by that clock.
-- Params: none.
SELECT
    class_then,
    class_now,
    count(*) AS records,
    CAST(sum(coalesce(per_month_then, 0)) AS DECIMAL(38, 4)) AS per_month_then,
    CAST(sum(coalesce(per_month_now, 0)) AS DECIMAL(38, 4)) AS per_month_now,
    CAST(sum(coalesce(once_then, 0)) AS DECIMAL(38, 4)) AS once_then,
    CAST(sum(coalesce(once_now, 0)) AS DECIMAL(38, 4)) AS once_now
FROM mart.restated
GROUP BY class_then, class_now
ORDER BY class_then NULLS FIRST, class_now NULLS FIRST;
