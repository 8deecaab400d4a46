-- The charges of a batch are exported: where they stand, and what they would be a second sale of.
-- Params: $seq BIGINT.
INSERT INTO ops.charge_state
SELECT
    line_id,
    charge_type,
    'exported' AS status,
    seq AS batch_seq,
    coalesce(group_key, row_key) AS row_key,
    NULL AS in_billing_on,
    NULL AS refused_content,
    site_id,
    cli,
    sku,
    asset_id,
    bill_start_on
FROM out.batch_charge
WHERE seq = $seq AND kind = 'charge';
