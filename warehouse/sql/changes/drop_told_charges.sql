-- What Affinity took of billed charges differs no more.
-- Params: none. answered_charge is made.
DELETE FROM out.change AS change
USING answered_charge AS answered
WHERE
    change.subject = 'charge'
    AND answered.is_taken
    AND change.layer_id = answered.line_id
    AND change.charge_type = answered.charge_type;
