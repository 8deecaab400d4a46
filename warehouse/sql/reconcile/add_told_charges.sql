-- Billed charges that are as they were told.
-- Params: none.
INSERT INTO side_charge
SELECT
    charge.line_id,
    charge.charge_type,
    charge.customer_id,
    charge.product_id,
    charge.disposition,
    TRUE AS is_told,
    told.asset_id,
    told.asset_id AS any_asset_id,
    coalesce(told.site_id, charge.site_id) AS site_id,
    told.site_ref,
    told.cli,
    told.sku,
    told.quantity,
    told.unit_price,
    told.frequency,
    told.bill_start_on,
    told.bill_end_on
FROM out.charge AS charge
/* listed only */
INNER JOIN ops.billed AS told
    ON charge.line_id = told.line_id AND charge.charge_type = told.charge_type
ANTI JOIN out.now_charge AS now
    ON charge.line_id = now.line_id AND charge.charge_type = now.charge_type;
