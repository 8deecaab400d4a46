-- The CLI rows of batches that have no answer yet.
-- Params: none.
SELECT cli.seq, cli.row_key, cli.site_ref, cli.cli, cli.start_on
FROM out.batch_cli AS cli
INNER JOIN out.batch AS batch ON cli.seq = batch.seq
ANTI JOIN out.batch_outcome AS outcome ON cli.seq = outcome.seq AND cli.row_key = outcome.row_key
WHERE cli.action = 'ADD' AND batch.state IN ('written', 'delivered', 'in_doubt', 'confirmed')
ORDER BY cli.seq, cli.row_key;
