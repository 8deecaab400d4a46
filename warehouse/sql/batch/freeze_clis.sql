-- Freeze the CLI rows of $cli_rows, keyed by what they say.
-- Params: $seq BIGINT, $tenant VARCHAR. cli_rows is a registered frame.
INSERT INTO out.batch_cli
SELECT
    $seq AS seq,
    left(
        sha256(
            concat(
                $tenant, '|cli|', site_ref, '|', cli, '|', lower(action), '|',
                strftime(start_on, '%Y-%m-%d')
            )
        ),
        32
    ) AS row_key,
    customer_ref,
    site_ref,
    cli,
    action,
    cli_type,
    range_end,
    start_on,
    end_on,
    previous_cli,
    asset_id
FROM cli_rows;
