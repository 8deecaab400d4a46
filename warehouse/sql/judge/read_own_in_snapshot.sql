-- Charges routed to The Layer beside what Affinity shows as billed at the same site with the same code,
-- or as the very object of their asset. Left out: what is another charge's by its row key, what ended
-- on the day it began, and recurring things that have ended.
-- Params: $as_of DATE.
WITH picked AS MATERIALIZED (
    SELECT line_id, charge_type, cli, sku, site_id
    FROM out.charge
    WHERE
        invoicing IN ('layer_due', 'layer_waiting', 'neither')
        OR (invoicing = 'do_not_bill' AND NOT is_platform_route)
),

-- joined whole, all lines and assets there are would have to fit into memory
named AS MATERIALIZED (
    SELECT
        line.line_id,
        coalesce(line.asset_id, CASE WHEN of_line.assets = 1 THEN of_line.asset_id END) AS asset_id
    FROM (
        SELECT line_id, asset_id FROM core.order_lines WHERE line_id IN (SELECT line_id FROM picked)
    ) AS line
    LEFT JOIN (
        SELECT line_id, assets, asset_id
        FROM work.asset_of_line
        WHERE line_id IN (SELECT line_id FROM picked)
    ) AS of_line ON line.asset_id IS NULL AND line.line_id = of_line.line_id
),

own AS MATERIALIZED (
    SELECT picked.line_id, picked.charge_type, picked.cli, picked.sku, ref.site_ref, asset.object_uid
    FROM picked
    INNER JOIN named ON picked.line_id = named.line_id
    LEFT JOIN work.site_ref AS ref ON picked.site_id = ref.site_id
    LEFT JOIN (
        SELECT asset_id, object_uid FROM core.assets WHERE asset_id IN (SELECT asset_id FROM named)
    ) AS asset ON named.asset_id = asset.asset_id
),

beside AS MATERIALIZED (
    SELECT own.line_id, own.charge_type, own.cli, there.cli AS affinity_cli, FALSE AS same_object,
        there.charge_type AS affinity_charge_type, there.end_on, there.start_on, there.row_key
    FROM own
    INNER JOIN core.affinity_site_products AS there
        ON own.site_ref = there.site_ref AND own.sku = there.product_code
    UNION ALL
    SELECT own.line_id, own.charge_type, own.cli, there.cli AS affinity_cli, TRUE AS same_object,
        there.charge_type AS affinity_charge_type, there.end_on, there.start_on, there.row_key
    FROM own
    INNER JOIN core.affinity_site_products AS there ON own.object_uid = there.object_uid
)

SELECT DISTINCT
    beside.line_id,
    beside.charge_type,
    beside.cli,
    beside.affinity_cli,
    beside.same_object
FROM beside
LEFT JOIN (
    SELECT row_key, line_id, charge_type
    FROM out.batch_product
    WHERE row_key IN (SELECT row_key FROM beside)
) AS ours ON beside.row_key = ours.row_key
WHERE
    beside.charge_type = coalesce(beside.affinity_charge_type, beside.charge_type)
    AND (
        ours.row_key IS NULL
        OR (ours.line_id = beside.line_id AND ours.charge_type = beside.charge_type)
    )
    AND coalesce(beside.end_on > beside.start_on, TRUE)
    AND (beside.charge_type = 'upfront' OR coalesce(beside.end_on >= $as_of::DATE, TRUE));
