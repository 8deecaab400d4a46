-- The CLIs of a batch are being added.
-- Params: $seq BIGINT.
INSERT INTO ops.cli_state
SELECT site_ref, cli, start_on, 'exported' AS status, seq AS batch_seq, row_key
FROM out.batch_cli
WHERE seq = $seq AND action <> 'CEASE';
