-- What people see, in counts and sums: the same of the warehouse and of its published copy.
-- Params: none.
SELECT 'ledger' AS mart, 'head' AS part, count(*) AS rows, max_by(hash, commit_no) AS said
FROM ops.ledger_commit
UNION ALL
SELECT 'ledger' AS mart, to_status AS part, count(*) AS rows, max(commit_no)::VARCHAR AS said
FROM mart.ledger
GROUP BY to_status
UNION ALL
SELECT 'charges' AS mart, disposition AS part, count(*) AS rows, sum(value)::VARCHAR AS said
FROM mart.charge
GROUP BY disposition
UNION ALL
SELECT 'batches' AS mart, state AS part, count(*) AS rows, sum(value)::VARCHAR AS said
FROM mart.batch
GROUP BY state
UNION ALL
SELECT
    'queue' AS mart,
    concat_ws(' ', kind, state) AS part,
    count(*) AS rows,
    sum(value)::VARCHAR AS said
FROM mart.retry_item
GROUP BY kind, state
UNION ALL
SELECT
    'runs' AS mart,
    'last' AS part,
    count(*) AS rows,
    max_by(concat_ws(' ', run_id, status), started_at) AS said
FROM mart.run
ORDER BY mart, part;
