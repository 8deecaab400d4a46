-- What The Layer and our ledger say of every charge that is or was to be billed in Affinity or elsewhere.
-- Params: none.
CREATE OR REPLACE TEMP TABLE layer_side AS
SELECT
    concat('line:', charge.line_id, ':', charge.charge_type) AS layer_key,
    charge.line_id,
    charge.charge_type,
    charge.asset_id,
    charge.customer_id,
    charge.site_id,
    charge.product_id,
    charge.site_ref,
    charge.cli,
    charge.sku,
    charge.quantity,
    charge.unit_price,
    charge.frequency,
    charge.start_on,
    least(CASE WHEN charge.charge_type = 'recurring' THEN charge.end_on END, changing.stops_on)
        AS end_on,
    asset.object_uid,
    -- of a charge alone its own row is the key
    joined.row_key AS group_key,
    charge.disposition,
    charge.is_told,
    changing.change_state,
    changing.changing,
    held.reasons,
    changing.quantity AS told_quantity,
    changing.unit_price AS told_unit_price,
    changing.sku AS told_sku,
    changing.site_ref AS told_site_ref,
    changing.cli AS told_cli,
    changing.start_on AS told_start_on,
    changing.end_on AS told_end_on,
    gone.gone_from AS source_gone_from,
    CASE WHEN changing.end_is_unknown THEN TRUE END AS end_is_unknown
FROM side_charge AS charge
LEFT JOIN core.assets AS asset ON charge.asset_id = asset.asset_id
LEFT JOIN ops.group_member AS joined
    ON
        charge.line_id = joined.line_id
        AND charge.charge_type = joined.charge_type
        AND joined.left_in IS NULL
LEFT JOIN side_change AS changing
    ON charge.line_id = changing.line_id AND charge.charge_type = changing.charge_type
LEFT JOIN side_gone AS gone
    ON charge.line_id = gone.line_id AND charge.charge_type = gone.charge_type
LEFT JOIN side_held AS held
    ON charge.line_id = held.line_id AND charge.charge_type = held.charge_type;
