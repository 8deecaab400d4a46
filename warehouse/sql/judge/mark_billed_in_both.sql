-- Charges of the registered frame `billed_there` are routed to The Layer and billed in Affinity.
UPDATE out.charge AS charge
SET as_judged = FALSE, invoicing = 'both', invoicing_reason = 'snapshot'
FROM billed_there
WHERE
    charge.line_id = billed_there.line_id
    AND charge.charge_type = billed_there.charge_type;
