-- mart.reconciled_record: every record of either side, and the match it is in.
CREATE OR REPLACE VIEW mart.reconciled_record AS
SELECT
    'layer' AS side,
    ours.layer_key AS record_key,
    ours.match_id,
    found.class,
    ours.line_id,
    ours.charge_type,
    ours.asset_id,
    CAST(NULL AS VARCHAR) AS object_uid,
    ours.site_ref,
    ours.cli,
    ours.sku,
    ours.quantity,
    ours.unit_price,
    ours.start_on,
    ours.end_on,
    ours.disposition,
    replace(ours.reasons, chr(31), ',') AS reasons,
    ours.bills,
    ours.per_month,
    ours.once
FROM out.reconciled_layer AS ours
INNER JOIN out.reconciliation AS found ON ours.match_id = found.match_id
UNION ALL
SELECT
    'affinity' AS side,
    theirs.object_uid AS record_key,
    theirs.match_id,
    found.class,
    NULL AS line_id,
    theirs.charge_type,
    NULL AS asset_id,
    theirs.object_uid,
    theirs.site_ref,
    theirs.cli,
    theirs.sku,
    theirs.quantity,
    theirs.unit_price,
    theirs.start_on,
    theirs.end_on,
    NULL AS disposition,
    NULL AS reasons,
    theirs.bills,
    theirs.per_month,
    theirs.once
FROM out.reconciled_affinity AS theirs
INNER JOIN out.reconciliation AS found ON theirs.match_id = found.match_id;
