-- The lines whose charges may be others to this side than when it was last remembered: judged since, or
-- changed after that in this run; with changes, or with such as were remembered; told for the first time,
-- or in another group; about what is in the feeds no more. One too many costs time, one too few would be wrong.
-- Params: none.
CREATE OR REPLACE TEMP TABLE side_line AS
WITH known AS (
    SELECT
        line_id,
        charge_type,
        is_told,
        group_key,
        reasons,
        changing,
        source_gone_from,
        asset_id,
        object_uid
    FROM ops.layer_fact
    WHERE known_to IS NULL AND starts_with(layer_key, 'line:')
)

SELECT line_id FROM work.line_judged
UNION
SELECT line_id FROM out.charge WHERE NOT as_judged
UNION
SELECT line_id FROM out.hold WHERE reason = 'source_gone'
UNION
SELECT layer_id FROM out.change WHERE subject = 'charge'
UNION
SELECT layer_id FROM out.change_hold WHERE subject = 'charge'
UNION
SELECT line_id
FROM known
WHERE changing IS NOT NULL OR source_gone_from IS NOT NULL OR (is_told AND reasons IS NOT NULL)
UNION
SELECT billed.line_id
FROM ops.billed AS billed
ANTI JOIN (FROM known WHERE is_told) AS told
    ON billed.line_id = told.line_id AND billed.charge_type = told.charge_type
UNION
SELECT billed.line_id
FROM ops.billed AS billed
ANTI JOIN core.order_lines AS line ON billed.line_id = line.line_id
UNION
SELECT billed.line_id
FROM ops.billed AS billed
ANTI JOIN core.assets AS asset ON billed.asset_id = asset.asset_id
WHERE billed.asset_id IS NOT NULL
UNION
-- the asset it was told with, which its line may name no more
SELECT known.line_id
FROM known
INNER JOIN core.assets AS asset ON known.asset_id = asset.asset_id
WHERE known.is_told AND known.object_uid IS DISTINCT FROM asset.object_uid
UNION
SELECT coalesce(known.line_id, joined.line_id)
FROM (FROM known WHERE group_key IS NOT NULL) AS known
FULL JOIN (FROM ops.group_member WHERE left_in IS NULL) AS joined
    ON known.line_id = joined.line_id AND known.charge_type = joined.charge_type
WHERE known.group_key IS DISTINCT FROM joined.row_key;
