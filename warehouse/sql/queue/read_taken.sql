-- The open items about what a batch takes: charges, changes, ends, entities, and CLIs, also where such a
-- CLI was to be added from another day.
-- Params: $seq BIGINT, $open VARCHAR[].
WITH item AS (
    SELECT subject
    FROM ops.retry_item
    WHERE list_contains($open, state)
)

SELECT item.subject
FROM item
INNER JOIN out.batch_charge AS charge
    ON item.subject = concat('charge:', charge.line_id, ':', charge.charge_type)
WHERE charge.seq = $seq AND charge.kind = 'charge'
UNION
SELECT item.subject
FROM item
INNER JOIN out.batch_row AS written ON item.subject = written.subject
WHERE written.seq = $seq AND written.kind NOT IN ('charge', 'cli', 'undo')
UNION
SELECT item.subject
FROM item
INNER JOIN out.batch_cli AS refused ON item.subject = concat('cli:', refused.row_key)
INNER JOIN out.batch_cli AS cli ON refused.site_ref = cli.site_ref AND refused.cli = cli.cli
WHERE cli.seq = $seq;
