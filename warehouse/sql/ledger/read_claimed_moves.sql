-- What a batch takes, in the words of the ledger: charges that become exported, changes and ends of what
-- is billed. What was stopped is not billed, and stays so.
-- Params: $seq BIGINT.
SELECT
    line_id,
    charge_type,
    'Ready to Bill' AS from_status,
    'Ready to Bill' AS to_status,
    seq AS batch_seq,
    'exported' AS reason
FROM out.batch_charge
WHERE seq = $seq AND kind = 'charge'
UNION ALL
SELECT
    line_id,
    charge_type,
    'In Billing' AS from_status,
    'In Billing' AS to_status,
    seq AS batch_seq,
    concat('change exported: ', fields) AS reason
FROM out.batch_charge
WHERE seq = $seq AND kind = 'change'
UNION ALL
SELECT
    line_id,
    charge_type,
    'In Billing' AS from_status,
    'In Billing' AS to_status,
    seq AS batch_seq,
    concat(kind, ' exported: ', strftime(cease_on, '%Y-%m-%d')) AS reason
FROM out.batch_end
WHERE seq = $seq AND kind NOT IN ('undo', 'sooner')
