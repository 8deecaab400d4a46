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
GROUP BY finding
UNION ALL
SELECT 'price_book_closes_gate' AS finding, count(*) AS records
FROM mart.price_book
WHERE closes_gate
UNION ALL
SELECT 'products_unlinked' AS finding, count(DISTINCT product_id) AS records
FROM mart.price_book
WHERE link IN ('unlinked', 'unknown', 'inactive')
UNION ALL
SELECT 'products_pending' AS finding, count(DISTINCT product_id) AS records
FROM mart.price_book
WHERE link = 'pending'
UNION ALL
SELECT 'skus_shared' AS finding, count(DISTINCT sku) AS records
FROM mart.price_book
WHERE same_sku > 0
UNION ALL
SELECT 'skus_unused' AS finding, count(*) AS records
FROM mart.price_book
WHERE link = 'unused'
UNION ALL
SELECT 'prices_drifted' AS finding, count(*) AS records
FROM mart.price_book
WHERE drift <> 0
UNION ALL
SELECT
    CASE class
        WHEN 'both' THEN 'charges_in_both'
        WHEN 'may_be_both' THEN 'charges_maybe_in_both'
        ELSE 'charges_in_neither'
    END AS finding,
    count(*) AS records
FROM mart.layer_invoiceable
WHERE class IN ('both', 'may_be_both', 'neither')
GROUP BY finding;
