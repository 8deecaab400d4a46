-- The CLIs of a batch are being added, or will be as an UPDATE says.
-- Params: $seq BIGINT.
INSERT INTO ops.cli_state
SELECT
    site_ref,
    cli,
    start_on,
    'exported' AS status,
    seq AS batch_seq,
    row_key,
    customer_ref,
    cli_type,
    range_end,
    end_on,
    asset_id
FROM out.batch_cli
WHERE seq = $seq AND action <> 'CEASE';
