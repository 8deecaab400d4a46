-- Affinity's catalogue with its prices; an item that does not say is active.
SELECT
    product_code AS sku,
    name AS catalogue_name,
    coalesce(is_active, TRUE) AS is_active,
    price AS affinity_price
FROM core.affinity_products;
