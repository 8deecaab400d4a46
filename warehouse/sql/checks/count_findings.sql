-- How much was found besides charges, kind by kind, from the views people read.
SELECT
    CASE severity
        WHEN 'block' THEN 'records_break_blocking_rules' ELSE 'records_break_warning_rules'
    END AS finding,
    count(DISTINCT (stage, record_key)) AS records
FROM mart.validation_issue
GROUP BY finding
UNION ALL
SELECT
    CASE drift WHEN 'differs' THEN 'clis_differ' ELSE 'clis_missing' END AS finding,
    count(*) AS records
FROM mart.cli_capture
WHERE drift <> 'none'
GROUP BY finding;
