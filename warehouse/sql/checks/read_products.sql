-- The price book: codes, routes and prices of each item, and how much of it Affinity bills or is to.
SELECT
    product.product_id,
    product.name AS product_name,
    product.is_custom,
    product.external_sku AS upfront_sku,
    coalesce(product.external_sku_recurring, product.external_sku) AS recurring_sku,
    product.upfront_billing_route AS upfront_route,
    product.recurring_billing_route AS recurring_route,
    product.upfront_price,
    product.recurring_price,
    coalesce(sold.upfront_charges, 0) AS upfront_charges,
    coalesce(sold.recurring_charges, 0) AS recurring_charges,
    CAST(coalesce(sold.upfront_quantity, 0) AS DECIMAL(38, 0)) AS upfront_quantity,
    CAST(coalesce(sold.recurring_quantity, 0) AS DECIMAL(38, 0)) AS recurring_quantity
FROM core.products AS product
LEFT JOIN (
    SELECT
        product_id,
        count(*) FILTER (charge_type = 'upfront') AS upfront_charges,
        count(*) FILTER (charge_type = 'recurring') AS recurring_charges,
        sum(quantity) FILTER (
            charge_type = 'upfront' AND disposition IN ('in_billing', 'exported', 'ready')
        ) AS upfront_quantity,
        sum(quantity) FILTER (
            charge_type = 'recurring' AND disposition IN ('in_billing', 'exported', 'ready')
        ) AS recurring_quantity
    FROM out.charge
    WHERE
        is_platform_route
        AND disposition NOT IN ('cancelled', 'amendment', 'not_applicable', 'do_not_bill')
    GROUP BY product_id
) AS sold ON product.product_id = sold.product_id;
