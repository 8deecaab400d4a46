-- Who says the route of what is held, where its product does not: its asset, else its line.
-- Params: none. known_layer is a registered frame.
SELECT
    ours.layer_key,
    CASE
        WHEN
            CASE ours.charge_type
                WHEN 'recurring' THEN asset.recurring_billing_route
                ELSE asset.upfront_billing_route
            END IS NOT NULL
            THEN concat('asset:', ours.asset_id)
        ELSE concat('line:', ours.line_id)
    END AS subject
FROM known_layer AS ours
LEFT JOIN core.assets AS asset ON ours.asset_id = asset.asset_id
LEFT JOIN core.order_lines AS line ON ours.line_id = line.line_id
WHERE
    ours.disposition = 'held'
    AND CASE ours.charge_type
        WHEN 'recurring' THEN coalesce(asset.recurring_billing_route, line.recurring_billing_route)
        ELSE coalesce(asset.upfront_billing_route, line.upfront_billing_route)
    END IS NOT NULL;
