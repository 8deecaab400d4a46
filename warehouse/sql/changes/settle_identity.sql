-- What a second sale of a charge would look like follows what Affinity took of its changes. A further
-- stretch of its billing begins on another day, but it was sold from the first.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.charge_state AS state
SET
    site_id = written.site_id,
    cli = written.cli,
    sku = written.sku,
    bill_start_on = CASE written.period
        WHEN 1 THEN written.bill_start_on ELSE state.bill_start_on
    END
FROM out.batch_charge AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE
    written.seq = $seq
    AND written.kind <> 'charge'
    AND outcomes.outcome = 'accepted'
    AND written.line_id = state.line_id
    AND written.charge_type = state.charge_type;
