-- Keep the day a stopped charge was first seen to be free again; one that is not free forgets it.
-- Params: $as_of DATE.
UPDATE ops.billed AS billed
SET
    resumes_on = CASE
        WHEN charge.disposition IN ('waiting', 'held', 'ready')
            THEN coalesce(billed.resumes_on, CAST($as_of AS DATE))
        WHEN charge.disposition = 'exported' THEN billed.resumes_on
    END
FROM out.charge AS charge
WHERE
    billed.ended_by = 'stop'
    AND billed.line_id = charge.line_id
    AND billed.charge_type = charge.charge_type;
