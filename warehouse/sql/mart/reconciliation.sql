-- mart.reconciliation: what the latest reconciliation found, one row per thing that both sides may know.
CREATE OR REPLACE VIEW mart.reconciliation AS
SELECT
    found.match_id,
    found.class,
    found.why,
    found.fields,
    found.remedy,
    ours.customer_id,
    customer.name AS customer_name,
    ours.line_id,
    coalesce(ours.charge_type, theirs.charge_type) AS charge_type,
    ours.asset_id,
    theirs.object_uid,
    coalesce(ours.site_ref, theirs.site_ref) AS site_ref,
    coalesce(ours.cli, theirs.cli) AS cli,
    coalesce(ours.sku, theirs.sku) AS sku,
    found.since,
    found.age_days,
    found.layer_records,
    found.affinity_records,
    found.layer_per_month,
    found.affinity_per_month,
    found.layer_per_month - found.affinity_per_month AS difference_per_month,
    found.layer_once,
    found.affinity_once,
    found.layer_once - found.affinity_once AS difference_once
FROM out.reconciliation AS found
LEFT JOIN (
    SELECT
        match_id,
        min(customer_id) AS customer_id,
        min(line_id) AS line_id,
        min(charge_type) AS charge_type,
        min(asset_id) AS asset_id,
        min(site_ref) AS site_ref,
        min(cli) AS cli,
        min(sku) AS sku
    FROM out.reconciled_layer
    GROUP BY match_id
) AS ours ON found.match_id = ours.match_id
LEFT JOIN (
    SELECT
        match_id,
        min(charge_type) AS charge_type,
        min(object_uid) AS object_uid,
        min(site_ref) AS site_ref,
        min(cli) AS cli,
        min(sku) AS sku
    FROM out.reconciled_affinity
    GROUP BY match_id
) AS theirs ON found.match_id = theirs.match_id
LEFT JOIN core.customers AS customer ON ours.customer_id = customer.customer_id;
