-- What Affinity refused of billed charges is held; what came back otherwise is due again.
-- Params: none. answered_charge is made.
UPDATE out.change AS change
SET state = CASE WHEN answered.is_refused THEN 'held' ELSE 'due' END
FROM answered_charge AS answered
WHERE
    change.subject = 'charge'
    AND NOT answered.is_taken
    AND change.layer_id = answered.line_id
    AND change.charge_type = answered.charge_type;
