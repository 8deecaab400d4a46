-- The charges of a batch that are In Billing because of it, as they are billed now, and what Affinity
-- calls them. One that has been ceased and added anew since is billed because of another batch.
-- A group stands as long as one of its members does, whenever that joined.
-- Params: $seq BIGINT.
SELECT
    coalesce(made.customer_ref, billed.customer_ref) AS customer_ref,
    coalesce(made.site_ref, billed.site_ref) AS site_ref,
    coalesce(made.cli, billed.cli) AS cli,
    coalesce(made.sku, billed.sku) AS sku,
    coalesce(site_product.object_uid, asset.object_uid) AS object_uid,
    product.charge_type,
    coalesce(made.bill_start_on, billed.bill_start_on) AS cease_on,
    coalesce(made.asset_id, billed.asset_id) AS asset_id,
    product.line_id,
    product.row_key AS undoes_key,
    CAST(coalesce(made.quantity, billed.quantity) AS DECIMAL(38, 0))
    * coalesce(made.unit_price, billed.unit_price) AS value,
    ceased.asset_id IS NOT NULL AS was_ceased
FROM out.batch_product AS product
LEFT JOIN ops.billed_group AS made ON product.row_key = made.row_key
LEFT JOIN ops.billed AS billed
    ON
        product.row_key = billed.row_key
        AND product.line_id = billed.line_id
        AND made.row_key IS NULL
SEMI JOIN (
    SELECT row_key, batch_seq
    FROM ops.charge_state
    WHERE status = 'in_billing'
) AS state
    ON
        product.row_key = state.row_key
        AND (product.seq = state.batch_seq OR product.group_key IS NOT NULL)
INNER JOIN out.batch_outcome AS outcome
    ON product.seq = outcome.seq AND product.row_key = outcome.row_key
LEFT JOIN (
    SELECT row_key, min(object_uid) AS object_uid
    FROM core.affinity_site_products
    WHERE row_key IS NOT NULL
    GROUP BY row_key
) AS site_product ON product.row_key = site_product.row_key
LEFT JOIN core.assets AS asset
    ON coalesce(made.asset_id, billed.asset_id) = asset.asset_id
LEFT JOIN (
    SELECT DISTINCT coalesce(cease.asset_id, '') AS asset_id, cease.charge_type, cease.cease_on
    FROM out.batch_cease AS cease
    INNER JOIN out.batch_outcome AS outcome
        ON cease.seq = outcome.seq AND cease.row_key = outcome.row_key
    WHERE outcome.outcome = 'accepted'
) AS ceased
    ON
        coalesce(made.asset_id, billed.asset_id, '') = ceased.asset_id
        AND product.charge_type = ceased.charge_type
        AND coalesce(made.bill_start_on, billed.bill_start_on) = ceased.cease_on
WHERE
    product.seq = $seq
    AND outcome.outcome = 'accepted'
    AND (made.row_key IS NOT NULL OR billed.row_key IS NOT NULL);
