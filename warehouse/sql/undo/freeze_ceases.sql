-- Freeze the ceases of $cease_rows, keyed by what they end.
-- Params: $seq BIGINT, $tenant VARCHAR. cease_rows is a registered frame.
INSERT INTO out.batch_cease BY NAME
SELECT
    $seq AS seq,
    left(
        sha256(
            concat(
                $tenant, '|cease|', cease_rows.asset_id, '|', cease_rows.charge_type, '|',
                strftime(cease_rows.cease_on, '%Y-%m-%d')
            )
        ),
        32
    ) AS row_key,
    cease_rows.customer_ref,
    cease_rows.site_ref,
    cease_rows.cli,
    cease_rows.sku,
    cease_rows.object_uid,
    cease_rows.charge_type,
    cease_rows.cease_on,
    cease_rows.cease_reason,
    cease_rows.replaced_by,
    cease_rows.asset_id,
    cease_rows.line_id,
    cease_rows.undoes_key,
    made.row_key AS group_key,
    CAST(made.quantity AS DECIMAL(38, 0)) * made.unit_price AS value
FROM cease_rows
LEFT JOIN ops.billed_group AS made ON cease_rows.undoes_key = made.row_key;
