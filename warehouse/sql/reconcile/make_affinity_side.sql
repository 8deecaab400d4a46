-- What Affinity's snapshot shows as billed. How often it bills is what The Layer's products with this
-- code say, where they agree: the snapshot does not. Its type, where it leaves that out, is that of the
-- row it came by. A one-off row whose end was told and taken was taken back.
-- Params: none.
CREATE OR REPLACE TEMP TABLE affinity_side AS
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
    often.frequency,
    CASE WHEN ended.row_key IS NOT NULL THEN TRUE END AS is_taken_back
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
) AS often ON there.product_code = often.sku
LEFT JOIN (
    SELECT DISTINCT product.row_key
    FROM out.batch_cease AS cease
    INNER JOIN out.batch_outcome AS outcome
        ON cease.seq = outcome.seq AND cease.row_key = outcome.row_key
    INNER JOIN out.batch_product AS product
        ON
            cease.line_id = product.line_id
            AND cease.charge_type = product.charge_type
            AND cease.period = product.period
    WHERE
        outcome.outcome = 'accepted'
        AND cease.charge_type = 'upfront'
        AND cease.group_key IS NULL
) AS ended ON there.row_key = ended.row_key;
