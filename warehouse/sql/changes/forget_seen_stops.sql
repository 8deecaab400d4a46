-- What was not to be billed when we first looked, and is now, can be stopped like any other.
-- Params: none.
UPDATE ops.billed AS billed
SET ended_by = NULL
FROM out.charge AS charge
WHERE
    billed.ended_by = 'seen_stopped'
    AND billed.line_id = charge.line_id
    AND billed.charge_type = charge.charge_type
    AND NOT EXISTS (
        SELECT 1
        FROM out.now_charge AS now
        WHERE
            now.line_id = billed.line_id
            AND now.charge_type = billed.charge_type
            AND now.stops_because IS NOT NULL
    );
