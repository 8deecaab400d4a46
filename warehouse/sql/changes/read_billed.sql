-- What Affinity was told of the charges that may differ, and what stands in the way of telling more.
-- Params: $first_row BIGINT, $last_row BIGINT: of which rows of out.now_charge.
SELECT
    billed.* EXCLUDE (row_key, site_id, resumes_on, content),
    billed.asset_id IS NOT NULL AND asset.asset_id IS NULL AS asset_is_gone,
    flight.line_id IS NOT NULL AS in_flight,
    successor.disposition AS successor_disposition,
    successor_flight.line_id IS NOT NULL AS successor_in_flight,
    there.object_uid AS known_object_uid
FROM ops.billed AS billed
INNER JOIN out.now_charge AS now
    ON billed.line_id = now.line_id AND billed.charge_type = now.charge_type
LEFT JOIN core.assets AS asset ON billed.asset_id = asset.asset_id
LEFT JOIN work.in_flight AS flight
    ON billed.line_id = flight.line_id AND billed.charge_type = flight.charge_type
LEFT JOIN out.charge AS successor
    ON now.replaced_by_line = successor.line_id AND now.charge_type = successor.charge_type
LEFT JOIN work.in_flight AS successor_flight
    ON
        now.replaced_by_line = successor_flight.line_id
        AND now.charge_type = successor_flight.charge_type
LEFT JOIN (
    SELECT row_key, min(object_uid) AS object_uid
    FROM core.affinity_site_products
    WHERE row_key IS NOT NULL
    GROUP BY row_key
) AS there ON billed.row_key = there.row_key
WHERE now.rowid BETWEEN $first_row AND $last_row;
