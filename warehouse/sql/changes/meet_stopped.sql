-- A charge that The Layer had put In Billing has no state of ours until it is stopped.
-- Params: $seq BIGINT. outcomes is a registered frame.
INSERT INTO ops.charge_state BY NAME
SELECT
    written.line_id,
    written.charge_type,
    'in_billing' AS status,
    written.seq AS batch_seq,
    written.row_key,
    billed.site_id,
    billed.cli,
    billed.sku,
    billed.asset_id,
    billed.bill_start_on
FROM out.batch_end AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
INNER JOIN ops.billed AS billed
    ON written.line_id = billed.line_id AND written.charge_type = billed.charge_type
ANTI JOIN ops.charge_state AS state
    ON written.line_id = state.line_id AND written.charge_type = state.charge_type
WHERE written.seq = $seq AND written.kind = 'stop' AND outcomes.outcome = 'accepted';
