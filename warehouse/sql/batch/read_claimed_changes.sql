-- What a batch changes and ends of billed charges, in the words of the ledger, and the queue's name of
-- the row that says so; that is the group's where one row says it of all.
-- Params: $seq BIGINT.
SELECT
    written.subject,
    charge.line_id,
    charge.charge_type,
    charge.kind,
    concat('change exported: ', charge.fields) AS what
FROM out.batch_charge AS charge
INNER JOIN out.batch_row AS written
    ON charge.seq = written.seq AND charge.row_key = written.row_key
WHERE charge.seq = $seq AND charge.kind = 'change'
UNION ALL
SELECT
    written.subject,
    ended.line_id,
    ended.charge_type,
    ended.kind,
    concat(ended.kind, ' exported: ', strftime(ended.cease_on, '%Y-%m-%d')) AS what
FROM out.batch_end AS ended
INNER JOIN out.batch_row AS written
    ON ended.seq = written.seq AND ended.row_key = written.row_key
WHERE ended.seq = $seq AND ended.kind <> 'undo';
