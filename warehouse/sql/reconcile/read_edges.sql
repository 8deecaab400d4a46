-- Which records of the two sides name each other: Affinity's row has the key of a row of ours, of a
-- group's row, or our asset has Affinity's id.
-- Params: none. known_affinity and known_layer are registered frames.
SELECT
    concat('line:', written.line_id, ':', written.charge_type) AS layer_key,
    there.object_uid
FROM known_affinity AS there
INNER JOIN out.batch_product AS written ON there.row_key = written.row_key
WHERE written.action = 'ADD' AND written.group_key IS NULL
UNION
SELECT ours.layer_key, there.object_uid
FROM known_affinity AS there
INNER JOIN known_layer AS ours ON there.row_key = ours.group_key
UNION
SELECT ours.layer_key, there.object_uid
FROM known_affinity AS there
INNER JOIN known_layer AS ours ON there.object_uid = ours.object_uid
WHERE coalesce(there.charge_type, ours.charge_type) = ours.charge_type;
