-- Keep what Affinity refused of a billed charge, so that it is not sent again as it was: of a change
-- and of an end each for itself, as one batch may hold both.
-- Params: $seq BIGINT. outcomes is a registered frame.
UPDATE ops.billed AS billed
SET
    refused_content = coalesce(refused.change, billed.refused_content),
    refused_end = coalesce(refused.cease, billed.refused_end)
FROM (
    SELECT
        written.line_id,
        written.charge_type,
        max(outcomes.refused_content) FILTER (written.file = 'products') AS change,
        max(outcomes.refused_content) FILTER (written.file = 'ceases') AS cease
    FROM (
        SELECT row_key, line_id, charge_type, 'products' AS file
        FROM out.batch_product
        WHERE seq = $seq AND kind = 'change' AND group_key IS NULL
        UNION ALL
        SELECT row_key, line_id, charge_type, 'ceases' AS file
        FROM out.batch_cease
        WHERE seq = $seq AND kind IN ('change', 'cease', 'stop', 'sooner') AND group_key IS NULL
    ) AS written
    INNER JOIN outcomes ON written.row_key = outcomes.row_key
    WHERE outcomes.stands_as = 'rejected'
    GROUP BY written.line_id, written.charge_type
) AS refused
WHERE refused.line_id = billed.line_id AND refused.charge_type = billed.charge_type;
