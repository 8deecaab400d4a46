-- Let the refused rows of groups be sent again whose items are in the registered frame `freed`.
-- Params: none.
UPDATE ops.billed_group AS made
SET refused_content = NULL
FROM freed
WHERE
    concat('change:', made.lead_line_id, ':', made.charge_type) = freed.subject
    OR concat('end:', made.lead_line_id, ':', made.charge_type) = freed.subject;
