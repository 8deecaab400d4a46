-- Which records of the two sides name each other: Affinity's row has the key of a row of ours, of a
-- group's row, or our asset has Affinity's id. A row that began a stretch which was left behind is about
-- that. What Affinity gives no type is recurring.
-- Params: none. known_affinity and known_layer are registered frames.
SELECT
    coalesce(former.layer_key, concat('line:', written.line_id, ':', written.charge_type))
        AS layer_key,
    there.object_uid
FROM known_affinity AS there
INNER JOIN out.batch_product AS written ON there.row_key = written.row_key
LEFT JOIN known_layer AS former
    ON
        former.layer_key
        = concat('line:', written.line_id, ':', written.charge_type, ':', written.period)
WHERE written.action = 'ADD' AND written.group_key IS NULL
UNION
SELECT ours.layer_key, there.object_uid
FROM known_affinity AS there
INNER JOIN known_layer AS ours ON there.row_key = ours.group_key
UNION
SELECT ours.layer_key, there.object_uid
FROM known_affinity AS there
INNER JOIN known_layer AS ours ON there.object_uid = ours.object_uid
WHERE coalesce(there.charge_type, 'recurring') = ours.charge_type;
