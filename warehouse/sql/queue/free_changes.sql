-- Let the refused changes of billed charges be sent again whose items are in the registered frame `freed`.
-- Params: none.
UPDATE ops.billed AS billed
SET refused_content = NULL
FROM freed
WHERE concat('change:', billed.line_id, ':', billed.charge_type) = freed.subject;
