-- What every charge that is or was to be billed, in Affinity or elsewhere, is about: first billed ones that may
-- not be as told, as The Layer says today. A one-off stays where it was told to be. `any_asset_id`: where The
-- Layer names no asset, the one it was told with.
-- Params: none.
CREATE OR REPLACE TEMP TABLE side_charge AS
WITH current AS (
    SELECT
        charge.line_id,
        charge.charge_type,
        charge.customer_id,
        charge.product_id,
        charge.disposition,
        told.line_id IS NOT NULL AS is_told,
        told.line_id IS NOT NULL AND charge.charge_type = 'upfront' AS stays,
        charge.site_id AS judged_site_id,
        told.asset_id AS told_asset_id,
        told.site_id AS told_site_id,
        told.site_ref AS told_site_ref,
        told.cli AS told_cli,
        now.asset_id,
        now.site_id,
        now.site_ref,
        now.cli,
        now.sku,
        now.quantity,
        now.unit_price,
        now.frequency,
        now.bill_start_on,
        now.bill_end_on
    FROM out.charge AS charge
    /* listed only */
    INNER JOIN out.now_charge AS now
        ON charge.line_id = now.line_id AND charge.charge_type = now.charge_type
    LEFT JOIN ops.billed AS told
        ON charge.line_id = told.line_id AND charge.charge_type = told.charge_type
    WHERE
        told.line_id IS NOT NULL
        OR charge.disposition NOT IN ('cancelled', 'amendment', 'not_applicable')
)

SELECT
    line_id,
    charge_type,
    customer_id,
    product_id,
    disposition,
    is_told,
    CASE WHEN stays THEN told_asset_id ELSE asset_id END AS asset_id,
    CASE WHEN stays THEN told_asset_id ELSE coalesce(asset_id, told_asset_id) END AS any_asset_id,
    coalesce(CASE WHEN stays THEN told_site_id ELSE site_id END, judged_site_id) AS site_id,
    CASE WHEN stays THEN told_site_ref ELSE site_ref END AS site_ref,
    CASE WHEN stays THEN told_cli ELSE cli END AS cli,
    sku,
    quantity,
    unit_price,
    frequency,
    bill_start_on AS start_on,
    bill_end_on AS end_on
FROM current;
