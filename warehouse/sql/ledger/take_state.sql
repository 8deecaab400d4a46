-- The charges of a batch that stood nowhere are exported: where they stand, and what they would be a
-- second sale of.
-- Params: $seq BIGINT.
INSERT INTO ops.charge_state
SELECT
    taken.line_id,
    taken.charge_type,
    'exported' AS status,
    taken.seq AS batch_seq,
    coalesce(taken.group_key, taken.row_key) AS row_key,
    NULL AS in_billing_on,
    NULL AS refused_content,
    taken.site_id,
    taken.cli,
    taken.sku,
    taken.asset_id,
    taken.bill_start_on
FROM out.batch_charge AS taken
ANTI JOIN ops.charge_state AS state
    ON taken.line_id = state.line_id AND taken.charge_type = state.charge_type
WHERE taken.seq = $seq AND taken.kind = 'charge';
