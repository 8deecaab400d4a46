-- How many rows besides ready charges the next batch takes, by file.
-- Params: $is_canary BOOLEAN.
SELECT file, count(*) AS rows
FROM out.due_entity
WHERE NOT $is_canary
GROUP BY file
UNION ALL
SELECT 'ceases', count(*)
FROM out.due_cease AS cease
LEFT JOIN out.charge AS successor
    ON
        cease.replaced_by_line = successor.line_id
        AND cease.charge_type = successor.charge_type
        AND successor.disposition = 'ready'
WHERE NOT $is_canary OR successor.line_id IS NOT NULL
UNION ALL
SELECT 'clis', count(*)
FROM out.due_cli
WHERE NOT $is_canary
UNION ALL
SELECT 'products', count(*)
FROM out.due_product
WHERE NOT $is_canary;
