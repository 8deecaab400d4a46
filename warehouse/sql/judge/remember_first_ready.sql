-- Keep the day each charge was first ready; a charge that was ready before keeps its day.
-- Params: $as_of DATE.
INSERT INTO out.first_ready
SELECT charge.line_id, charge.charge_type, $as_of::DATE AS first_ready_on
FROM out.charge AS charge
ANTI JOIN out.first_ready AS known
    ON charge.line_id = known.line_id AND charge.charge_type = known.charge_type
WHERE charge.disposition = 'ready';
