-- The charges that were refused in the batch of a CLI row, on its site and CLI; the CLI rows' items
-- are in the registered frame `named` (subject).
-- Params: none.
SELECT DISTINCT concat('charge:', state.line_id, ':', state.charge_type) AS subject
FROM named
INNER JOIN out.batch_cli AS cli ON named.subject = concat('cli:', cli.row_key)
INNER JOIN out.batch_product AS product
    ON cli.seq = product.seq AND cli.site_ref = product.site_ref AND cli.cli = product.cli
INNER JOIN ops.charge_state AS state
    ON product.row_key = state.row_key AND product.seq = state.batch_seq
WHERE state.status = 'rejected'
ORDER BY subject;
