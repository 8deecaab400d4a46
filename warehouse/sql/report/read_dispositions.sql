-- The charges of the latest run by what became of them.
-- Params: none.
SELECT
    disposition,
    count(*) FILTER (charge_type = 'recurring') AS recurring,
    CAST(coalesce(sum(value) FILTER (charge_type = 'recurring'), 0) AS DECIMAL(38, 4))
        AS recurring_value,
    count(*) FILTER (charge_type = 'upfront') AS upfront,
    CAST(coalesce(sum(value) FILTER (charge_type = 'upfront'), 0) AS DECIMAL(38, 4))
        AS upfront_value
FROM mart.charge
GROUP BY disposition
ORDER BY disposition;
