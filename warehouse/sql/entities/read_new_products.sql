-- PRODUCTS_NOW: custom products without any code, which a charge is held for.
SELECT
    product.product_id,
    product.name,
    product.base_category,
    product.item_type,
    product.upfront_price,
    product.recurring_price,
    upper(product.billing_frequency) AS billing_frequency,
    state.told,
    state.taken,
    state.refused,
    flight.layer_id IS NOT NULL AS in_flight
FROM core.products AS product
SEMI JOIN (
    SELECT charge.product_id
    FROM out.hold AS hold
    INNER JOIN out.charge AS charge
        ON hold.line_id = charge.line_id AND hold.charge_type = charge.charge_type
    WHERE hold.reason = 'sku_pending'
    UNION ALL
    -- what a billed asset has become
    SELECT coalesce(asset.product_id, line.product_id) AS product_id
    FROM out.change_hold AS hold
    INNER JOIN out.now_charge AS now
        ON hold.layer_id = now.line_id AND hold.charge_type = now.charge_type
    INNER JOIN core.order_lines AS line ON now.line_id = line.line_id
    LEFT JOIN core.assets AS asset ON now.asset_id = asset.asset_id
    WHERE hold.subject = 'charge' AND hold.reason = 'sku_pending'
) AS awaited ON product.product_id = awaited.product_id
LEFT JOIN ops.entity_state AS state
    ON state.file = 'new_products' AND product.product_id = state.layer_id
LEFT JOIN work.entity_in_flight AS flight
    ON flight.file = 'new_products' AND product.product_id = flight.layer_id
WHERE product.external_sku IS NULL AND product.external_sku_recurring IS NULL;
