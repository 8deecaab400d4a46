-- Charges that were never billed, as they were judged.
-- Params: none.
INSERT INTO side_charge
SELECT
    charge.line_id,
    charge.charge_type,
    charge.customer_id,
    charge.product_id,
    charge.disposition,
    FALSE AS is_told,
    coalesce(charge.asset_id, line.asset_id, of_line.asset_id) AS asset_id,
    coalesce(charge.asset_id, line.asset_id, of_line.asset_id) AS any_asset_id,
    charge.site_id,
    coalesce(charge.site_ref, site_ref.site_ref) AS site_ref,
    charge.cli,
    charge.sku,
    charge.quantity,
    charge.unit_price,
    charge.frequency,
    charge.bill_start_on,
    charge.bill_end_on
FROM out.charge AS charge
/* listed only */
ANTI JOIN side_charge AS known
    ON charge.line_id = known.line_id AND charge.charge_type = known.charge_type
LEFT JOIN core.order_lines AS line ON charge.line_id = line.line_id
LEFT JOIN work.asset_of_line AS of_line
    ON charge.line_id = of_line.line_id AND of_line.assets = 1
LEFT JOIN work.site_ref AS site_ref ON charge.site_id = site_ref.site_id
WHERE charge.disposition NOT IN ('cancelled', 'amendment', 'not_applicable');
