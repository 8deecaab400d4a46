-- The charges of a batch that stood somewhere before are exported again. What a second sale of one would
-- look like is what it is now; but a recurring charge was sold from its first day, whenever it goes on.
-- Params: $seq BIGINT.
UPDATE ops.charge_state AS state
SET
    status = 'exported',
    batch_seq = taken.seq,
    row_key = coalesce(taken.group_key, taken.row_key),
    in_billing_on = NULL,
    refused_content = NULL,
    site_id = taken.site_id,
    cli = taken.cli,
    sku = taken.sku,
    asset_id = taken.asset_id,
    bill_start_on = CASE
        WHEN taken.charge_type = 'recurring' AND taken.period > 1 THEN state.bill_start_on
        ELSE taken.bill_start_on
    END
FROM out.batch_charge AS taken
WHERE
    taken.seq = $seq
    AND taken.kind = 'charge'
    AND taken.line_id = state.line_id
    AND taken.charge_type = state.charge_type;
