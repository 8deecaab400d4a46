-- Show that an additional number of a charge must wait.
-- Params: $reason VARCHAR. named_line is a registered frame (line_id).
INSERT INTO out.change_hold BY NAME
SELECT
    'charge' AS subject,
    charge.line_id AS layer_id,
    charge.charge_type,
    charge.customer_id,
    $reason AS reason
FROM out.charge AS charge
SEMI JOIN named_line AS named ON charge.line_id = named.line_id
ANTI JOIN (FROM out.change_hold WHERE subject = 'charge' AND reason = $reason) AS held
    ON charge.line_id = held.layer_id AND charge.charge_type = held.charge_type
WHERE charge.charge_type = 'recurring';
