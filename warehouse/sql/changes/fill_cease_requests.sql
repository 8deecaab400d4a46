-- Each object Affinity ever listed a cease request of, the asset it ends, and how far it has come:
-- unmatched (no asset of ours has the object), open (the request has no day), not_billed (nothing is
-- billed of the asset), held, due, in_flight, told (Affinity has the end, The Layer is asked to take it
-- over), other_day (The Layer has another day, which counts), done (The Layer has it).
-- Params: none.
INSERT INTO out.cease_request
SELECT
    request.object_uid,
    request.completed_on,
    asset.asset_id,
    asset.customer_id,
    asset.cease_on AS layer_cease_on,
    billed.bill_end_on AS told_cease_on,
    CASE
        WHEN asset.asset_id IS NULL THEN 'unmatched'
        WHEN request.completed_on IS NULL THEN 'open'
        WHEN asset.cease_on = request.completed_on THEN 'done'
        WHEN asset.cease_on IS NOT NULL THEN 'other_day'
        WHEN billed.asset_id IS NULL THEN 'not_billed'
        WHEN billed.bill_end_on = request.completed_on THEN 'told'
        ELSE coalesce(change.state, 'due')
    END AS state,
    EXISTS (
        FROM core.affinity_cease_requests AS listed WHERE request.object_uid = listed.object_uid
    ) AS is_listed
FROM (
    SELECT object_uid, min(asset_id) AS asset_id, min(completed_on) AS completed_on
    FROM ops.cease_request
    GROUP BY object_uid
) AS request
LEFT JOIN core.assets AS asset ON request.asset_id = asset.asset_id
LEFT JOIN (
    SELECT asset_id, min(line_id) AS line_id, max(bill_end_on) AS bill_end_on
    FROM ops.billed
    WHERE charge_type = 'recurring'
    GROUP BY asset_id
) AS billed ON asset.asset_id = billed.asset_id
LEFT JOIN (
    SELECT layer_id, max(state) AS state
    FROM out.change
    WHERE subject = 'charge' AND charge_type = 'recurring' AND field = 'bill_end'
    GROUP BY layer_id
) AS change ON billed.line_id = change.layer_id;
