-- Keep what Affinity refused of a group, so that it is not sent again as it was.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.billed_group AS billed
SET refused_content = outcomes.refused_content
FROM (
    SELECT row_key, group_key
    FROM out.batch_product
    WHERE seq = $seq AND kind = 'change'
    UNION ALL
    SELECT row_key, group_key
    FROM out.batch_cease
    WHERE seq = $seq AND kind <> 'undo'
) AS written
INNER JOIN outcomes ON written.row_key = outcomes.row_key
WHERE written.group_key = billed.row_key AND outcomes.stands_as = 'rejected';
