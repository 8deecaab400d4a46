-- Let the refused ends of billed charges be sent again whose items are in the registered frame `freed`.
-- Params: none.
UPDATE ops.billed AS billed
SET refused_end = NULL
FROM freed
WHERE concat('end:', billed.line_id, ':', billed.charge_type) = freed.subject;
