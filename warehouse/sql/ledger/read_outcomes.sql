-- Every row of a batch in file order, and what became of it; outcome null = nothing yet. What the
-- ledger says of its charge or CLI is null once another batch has taken it up.
-- Params: $seq BIGINT.
SELECT
    row.row_key,
    row.file,
    row_number() OVER (
        PARTITION BY row.file
        ORDER BY
            row.customer_ref NULLS FIRST,
            row.site_ref NULLS FIRST,
            row.cli NULLS FIRST,
            row.sku NULLS FIRST,
            row.type_place NULLS FIRST,
            row.last_place NULLS FIRST,
            row.row_key
    ) AS place,
    row.line_id,
    row.charge_type,
    row.customer_ref,
    row.site_ref,
    row.cli,
    row.asset_id,
    outcome.outcome,
    outcome.code AS recorded_code,
    coalesce(charge.status, added.status) AS standing
FROM (
    SELECT
        row_key,
        'clis' AS file,
        NULL AS line_id,
        NULL AS charge_type,
        customer_ref,
        site_ref,
        cli,
        NULL AS sku,
        asset_id,
        NULL AS type_place,
        NULL AS last_place
    FROM out.batch_cli
    WHERE seq = $seq
    UNION ALL
    SELECT
        row_key,
        'ceases' AS file,
        line_id,
        charge_type,
        customer_ref,
        site_ref,
        cli,
        sku,
        asset_id,
        NULL AS type_place,
        asset_id AS last_place
    FROM out.batch_cease
    WHERE seq = $seq
    UNION ALL
    SELECT
        row_key,
        'products' AS file,
        line_id,
        charge_type,
        customer_ref,
        site_ref,
        cli,
        sku,
        asset_id,
        charge_type AS type_place,
        line_id AS last_place
    FROM out.batch_product
    WHERE seq = $seq
) AS row
LEFT JOIN out.batch_outcome AS outcome
    ON outcome.seq = $seq AND row.row_key = outcome.row_key
LEFT JOIN ops.charge_state AS charge
    ON charge.batch_seq = $seq AND row.row_key = charge.row_key
LEFT JOIN ops.cli_state AS added
    ON added.batch_seq = $seq AND row.row_key = added.row_key;
