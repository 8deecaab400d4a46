-- The latest reconciliation by class and reason, in the order of class and reason.
-- Params: none.
SELECT
    class,
    why,
    count(*) AS matches,
    CAST(sum(layer_records) AS BIGINT) AS layer_records,
    CAST(sum(affinity_records) AS BIGINT) AS affinity_records,
    CAST(sum(layer_per_month) AS DECIMAL(38, 4)) AS layer_per_month,
    CAST(sum(affinity_per_month) AS DECIMAL(38, 4)) AS affinity_per_month,
    CAST(sum(difference_per_month) AS DECIMAL(38, 4)) AS difference_per_month,
    CAST(sum(layer_once) AS DECIMAL(38, 4)) AS layer_once,
    CAST(sum(affinity_once) AS DECIMAL(38, 4)) AS affinity_once,
    CAST(sum(difference_once) AS DECIMAL(38, 4)) AS difference_once
FROM mart.reconciliation
GROUP BY class, why
ORDER BY class, why NULLS FIRST;
