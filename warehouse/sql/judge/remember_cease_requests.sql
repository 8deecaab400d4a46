-- Keep which asset ended on which day by a cease request of Affinity: the request names the object,
-- which the asset names too, or whose row key is that of the recurring charge it bills. The list has
-- no keys and comes whole, and what ended leaves Affinity's lists one day: what was seen once stays.
-- Params: none.
CREATE OR REPLACE TABLE ops.cease_request AS
WITH listed AS (
    SELECT object_uid, min(completed_on) AS completed_on
    FROM core.affinity_cease_requests
    WHERE object_uid IS NOT NULL
    GROUP BY object_uid
),
asked AS (
    FROM listed
    UNION ALL
    SELECT DISTINCT known.object_uid, known.completed_on
    FROM ops.cease_request AS known
    ANTI JOIN listed ON known.object_uid = listed.object_uid
),
object AS (
    SELECT asset.object_uid, asset.asset_id
    FROM core.assets AS asset
    SEMI JOIN asked ON asset.object_uid = asked.object_uid
    UNION
    SELECT there.object_uid, billed.asset_id
    FROM core.affinity_site_products AS there
    INNER JOIN ops.billed AS billed ON there.row_key = billed.row_key
    SEMI JOIN asked ON there.object_uid = asked.object_uid
    WHERE billed.charge_type = 'recurring' AND billed.asset_id IS NOT NULL
    UNION
    SELECT known.object_uid, known.asset_id
    FROM ops.cease_request AS known
    WHERE known.asset_id IS NOT NULL
)
SELECT asked.object_uid, object.asset_id, asked.completed_on
FROM asked
LEFT JOIN object ON asked.object_uid = object.object_uid;
