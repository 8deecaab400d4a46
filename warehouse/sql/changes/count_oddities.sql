-- What looks odd about changes: a warning each.
-- Params: none.
SELECT
    'charges' AS subject,
    'Do Not Bill without a reason' AS warning,
    count(*) AS records
FROM out.do_not_bill
WHERE reason IS NULL
UNION ALL
SELECT
    'affinity_cease_requests',
    'no asset of ours has the object of a cease request',
    count(*)
FROM out.cease_request
WHERE state = 'unmatched'
UNION ALL
SELECT
    'affinity_cease_requests',
    'The Layer has another cease date than the cease request',
    count(*)
FROM out.cease_request
WHERE state = 'other_day'
ORDER BY subject, warning;
