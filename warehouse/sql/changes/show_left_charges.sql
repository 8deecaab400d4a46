-- Show that what batch $seq says of billed charges has left.
-- Params: $seq BIGINT.
UPDATE out.change AS change
SET state = 'in_flight'
FROM (
    SELECT line_id, charge_type
    FROM out.batch_charge
    WHERE seq = $seq AND kind = 'change'
    UNION
    SELECT line_id, charge_type
    FROM out.batch_end
    WHERE seq = $seq AND kind <> 'undo'
) AS taken
WHERE
    change.subject = 'charge'
    AND change.state = 'due'
    AND change.layer_id = taken.line_id
    AND change.charge_type = taken.charge_type;
