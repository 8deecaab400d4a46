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
UNION ALL
SELECT
    'sites',
    'Affinity reference differs from the one its result gave',
    count(*)
FROM ops.entity_state AS learnt
INNER JOIN work.site_ref AS known ON learnt.layer_id = known.site_id
WHERE learnt.file = 'sites' AND known.feed_refs = 1 AND known.site_ref <> learnt.ref
ORDER BY subject, warning;
