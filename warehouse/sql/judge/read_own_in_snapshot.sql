-- Charges routed to The Layer beside what Affinity shows as billed at the same site with the same code,
-- or as the very object of their asset. Left out: what is another charge's by its row key, what ended
-- on the day it began, and recurring things that have ended.
-- Params: $as_of DATE.
WITH own AS (
    SELECT charge.line_id, charge.charge_type, charge.cli, charge.sku, ref.site_ref, asset.object_uid
    FROM out.charge AS charge
    INNER JOIN core.order_lines AS line ON charge.line_id = line.line_id
    LEFT JOIN work.site_ref AS ref ON charge.site_id = ref.site_id
    LEFT JOIN work.asset_of_line AS of_line
        ON line.asset_id IS NULL AND line.line_id = of_line.line_id
    LEFT JOIN core.assets AS asset
        ON
            asset.asset_id
            = coalesce(line.asset_id, CASE WHEN of_line.assets = 1 THEN of_line.asset_id END)
    WHERE
        charge.invoicing IN ('layer_due', 'layer_waiting', 'neither')
        OR (charge.invoicing = 'do_not_bill' AND NOT charge.is_platform_route)
),
beside AS (
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
LEFT JOIN out.batch_product AS ours ON beside.row_key = ours.row_key
WHERE
    beside.charge_type = coalesce(beside.affinity_charge_type, beside.charge_type)
    AND (
        ours.row_key IS NULL
        OR (ours.line_id = beside.line_id AND ours.charge_type = beside.charge_type)
    )
    AND coalesce(beside.end_on > beside.start_on, TRUE)
    AND (beside.charge_type = 'upfront' OR coalesce(beside.end_on >= $as_of::DATE, TRUE));
