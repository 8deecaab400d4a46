-- Keep the day a stopped charge was first seen to be free again. The stop may have no answer yet: of
-- whatever is under way the day is kept, and what turns out to be no stop forgets it. A line that is
-- not in the feeds says nothing.
-- Params: $as_of DATE. work.in_flight is made.
WITH seen AS (
    SELECT
        charge.line_id,
        charge.charge_type,
        CASE
            WHEN told.ended_by = 'stop' THEN charge.disposition IN ('waiting', 'held', 'ready')
            ELSE flight.line_id IS NOT NULL AND now.stops_because IS NULL
        END AS is_free,
        coalesce(told.ended_by = 'stop' AND charge.disposition = 'exported', FALSE) AS is_sent
    FROM out.charge AS charge
    INNER JOIN ops.billed AS told
        ON charge.line_id = told.line_id AND charge.charge_type = told.charge_type
    SEMI JOIN core.order_lines AS line ON charge.line_id = line.line_id
    LEFT JOIN work.in_flight AS flight
        ON charge.line_id = flight.line_id AND charge.charge_type = flight.charge_type
    LEFT JOIN out.now_charge AS now
        ON charge.line_id = now.line_id AND charge.charge_type = now.charge_type
    WHERE told.ended_by = 'stop' OR flight.line_id IS NOT NULL OR told.resumes_on IS NOT NULL
)

UPDATE ops.billed AS billed
SET
    resumes_on = CASE
        WHEN seen.is_free THEN coalesce(billed.resumes_on, CAST($as_of AS DATE))
        WHEN seen.is_sent THEN billed.resumes_on
    END
FROM seen
WHERE billed.line_id = seen.line_id AND billed.charge_type = seen.charge_type;
