-- What was told of each group that has members, and whether a row of it has no answer yet.
-- Params: none.
SELECT
    made.row_key,
    made.lead_line_id,
    made.charge_type,
    made.period,
    made.site_id,
    made.refused_content,
    coalesce(made.row_key IN (
        SELECT billed.row_key
        FROM ops.billed AS billed
        SEMI JOIN work.in_flight AS flight
            ON billed.line_id = flight.line_id AND billed.charge_type = flight.charge_type
        WHERE billed.row_key IS NOT NULL
    ), FALSE) AS in_flight,
    coalesce(there.object_uid, asset.object_uid) AS object_uid,
    made.customer_ref,
    made.site_ref,
    made.cli,
    made.sku,
    made.product_name,
    made.quantity,
    made.unit_price,
    made.frequency,
    made.bill_start_on,
    made.bill_end_on,
    made.term_months,
    made.order_ref,
    made.po_ref,
    made.asset_id
FROM ops.billed_group AS made
SEMI JOIN ops.billed AS member ON made.row_key = member.row_key
LEFT JOIN (
    SELECT row_key, min(object_uid) AS object_uid
    FROM core.affinity_site_products
    WHERE row_key IS NOT NULL
    GROUP BY row_key
) AS there ON made.row_key = there.row_key
LEFT JOIN core.assets AS asset ON made.asset_id = asset.asset_id;
