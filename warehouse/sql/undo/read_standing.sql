-- The charges of a batch that are In Billing because of it, as they are billed now, and what Affinity
-- calls them. One that has been ceased and added anew since is billed because of another batch.
-- Params: $seq BIGINT.
SELECT
    billed.customer_ref,
    billed.site_ref,
    billed.cli,
    billed.sku,
    coalesce(site_product.object_uid, asset.object_uid) AS object_uid,
    product.charge_type,
    billed.bill_start_on AS cease_on,
    billed.asset_id,
    product.line_id,
    product.row_key AS undoes_key,
    CAST(billed.quantity AS DECIMAL(38, 0)) * billed.unit_price AS value,
    ceased.asset_id IS NOT NULL AS was_ceased
FROM out.batch_product AS product
INNER JOIN ops.charge_state AS state
    ON product.seq = state.batch_seq AND product.row_key = state.row_key
INNER JOIN ops.billed AS billed ON product.row_key = billed.row_key
INNER JOIN out.batch_outcome AS outcome
    ON product.seq = outcome.seq AND product.row_key = outcome.row_key
LEFT JOIN (
    SELECT row_key, min(object_uid) AS object_uid
    FROM core.affinity_site_products
    WHERE row_key IS NOT NULL
    GROUP BY row_key
) AS site_product ON product.row_key = site_product.row_key
LEFT JOIN core.assets AS asset ON billed.asset_id = asset.asset_id
LEFT JOIN (
    SELECT DISTINCT coalesce(cease.asset_id, '') AS asset_id, cease.charge_type, cease.cease_on
    FROM out.batch_cease AS cease
    INNER JOIN out.batch_outcome AS outcome
        ON cease.seq = outcome.seq AND cease.row_key = outcome.row_key
    WHERE outcome.outcome = 'accepted'
) AS ceased
    ON
        coalesce(billed.asset_id, '') = ceased.asset_id
        AND billed.charge_type = ceased.charge_type
        AND billed.bill_start_on = ceased.cease_on
WHERE product.seq = $seq AND state.status = 'in_billing' AND outcome.outcome = 'accepted';
