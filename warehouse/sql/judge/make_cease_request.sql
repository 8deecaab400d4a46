-- The day each asset ended by a cease request of Affinity: the request names the object, which the
-- asset names too, or whose row key is that of the recurring charge it bills.
CREATE OR REPLACE TABLE work.cease_request AS
SELECT asset_id, min(completed_on) AS completed_on
FROM (
    SELECT asset.asset_id, request.completed_on
    FROM core.affinity_cease_requests AS request
    INNER JOIN core.assets AS asset ON request.object_uid = asset.object_uid
    UNION ALL
    SELECT billed.asset_id, request.completed_on
    FROM core.affinity_cease_requests AS request
    INNER JOIN core.affinity_site_products AS there ON request.object_uid = there.object_uid
    INNER JOIN ops.billed AS billed ON there.row_key = billed.row_key
    WHERE billed.charge_type = 'recurring' AND billed.asset_id IS NOT NULL
) AS asked
WHERE completed_on IS NOT NULL
GROUP BY asset_id;
