-- Freeze the ceases of $cease_rows, keyed by what they end.
-- Params: $seq BIGINT, $tenant VARCHAR. cease_rows is a registered frame.
INSERT INTO out.batch_cease BY NAME
SELECT
    $seq AS seq,
    left(
        sha256(
            concat(
                $tenant, '|cease|', asset_id, '|', charge_type, '|',
                strftime(cease_on, '%Y-%m-%d')
            )
        ),
        32
    ) AS row_key,
    customer_ref,
    site_ref,
    cli,
    sku,
    object_uid,
    charge_type,
    cease_on,
    cease_reason,
    replaced_by,
    asset_id,
    line_id,
    undoes_key
FROM cease_rows;
