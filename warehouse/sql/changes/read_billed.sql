-- What Affinity was told of the charges that may differ, and what stands in the way of telling more.
-- Whatever these refer to is narrowed to them before it is joined: joined whole, all assets and charges
-- there are would have to fit into memory.
-- Params: $first_row BIGINT, $last_row BIGINT: of which rows of out.now_charge.
WITH asked AS MATERIALIZED (
    SELECT line_id, charge_type, replaced_by_line
    FROM out.now_charge
    WHERE rowid BETWEEN $first_row AND $last_row
),

told AS MATERIALIZED (
    SELECT billed.*
    FROM ops.billed AS billed
    SEMI JOIN asked ON billed.line_id = asked.line_id AND billed.charge_type = asked.charge_type
),

successor AS (
    SELECT charge.line_id, charge.charge_type, charge.disposition
    FROM out.charge AS charge
    WHERE charge.line_id IN (SELECT replaced_by_line FROM asked)
),

flight AS MATERIALIZED (
    SELECT flight.line_id, flight.charge_type
    FROM work.in_flight AS flight
    WHERE flight.line_id IN (SELECT unnest([line_id, replaced_by_line]) FROM asked)
)

SELECT
    billed.* EXCLUDE (row_key, site_id, resumes_on, content),
    billed.asset_id IS NOT NULL AND asset.asset_id IS NULL AS asset_is_gone,
    flight.line_id IS NOT NULL AS in_flight,
    successor.disposition AS successor_disposition,
    successor_flight.line_id IS NOT NULL AS successor_in_flight,
    there.object_uid AS known_object_uid
FROM told AS billed
INNER JOIN asked AS now
    ON billed.line_id = now.line_id AND billed.charge_type = now.charge_type
LEFT JOIN (
    SELECT asset_id FROM core.assets WHERE asset_id IN (SELECT asset_id FROM told)
) AS asset ON billed.asset_id = asset.asset_id
LEFT JOIN flight ON billed.line_id = flight.line_id AND billed.charge_type = flight.charge_type
LEFT JOIN successor
    ON now.replaced_by_line = successor.line_id AND now.charge_type = successor.charge_type
LEFT JOIN flight AS successor_flight
    ON
        now.replaced_by_line = successor_flight.line_id
        AND now.charge_type = successor_flight.charge_type
LEFT JOIN (
    SELECT row_key, min(object_uid) AS object_uid
    FROM core.affinity_site_products
    WHERE row_key IN (SELECT row_key FROM told)
    GROUP BY row_key
) AS there ON billed.row_key = there.row_key;
