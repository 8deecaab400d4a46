-- What a batch changes and ends of billed charges, in the words of the ledger.
-- Params: $seq BIGINT.
SELECT
    concat('change:', line_id, ':', charge_type) AS subject,
    line_id,
    charge_type,
    kind,
    concat('change exported: ', fields) AS what
FROM out.batch_product
WHERE seq = $seq AND kind = 'change'
UNION ALL
SELECT
    concat('end:', line_id, ':', charge_type) AS subject,
    line_id,
    charge_type,
    kind,
    concat(kind, ' exported: ', strftime(cease_on, '%Y-%m-%d')) AS what
FROM out.batch_cease
WHERE seq = $seq AND kind <> 'undo';
