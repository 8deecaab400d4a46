-- Affinity's catalogue; an item that does not say is active.
CREATE OR REPLACE TABLE work.catalogue AS
SELECT product_code, coalesce(is_active, TRUE) AS is_active
FROM core.affinity_products;
