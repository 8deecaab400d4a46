-- What Affinity's snapshot shows as billed. How often it bills is what The Layer's products with this
-- code say, where they agree: the snapshot does not. Its type, where it leaves that out, is that of the
-- row it came by.
-- Params: none.
CREATE OR REPLACE TABLE work.affinity_side AS
SELECT
    there.object_uid,
    coalesce(there.charge_type, written.charge_type) AS charge_type,
    there.site_ref,
    there.cli,
    there.product_code AS sku,
    there.quantity,
    there.unit_price,
    there.start_on,
    there.end_on,
    there.row_key,
    often.frequency
FROM core.affinity_site_products AS there
LEFT JOIN (
    SELECT row_key, min(charge_type) AS charge_type
    FROM out.batch_product
    GROUP BY row_key
) AS written ON there.row_key = written.row_key
LEFT JOIN (
    SELECT
        coalesce(external_sku_recurring, external_sku) AS sku,
        min(billing_frequency) AS frequency
    FROM core.products
    GROUP BY coalesce(external_sku_recurring, external_sku)
    HAVING count(DISTINCT billing_frequency) = 1
) AS often ON there.product_code = often.sku;
