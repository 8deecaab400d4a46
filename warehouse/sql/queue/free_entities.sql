-- Let the refused customers and the like be sent again whose items are in the registered frame `freed`.
-- Params: none.
UPDATE ops.entity_state AS state
SET refused = NULL
FROM freed
WHERE
    concat(CASE state.file WHEN 'addresses' THEN 'address' ELSE state.file[:-2] END, ':', state.layer_id)
    = freed.subject;
