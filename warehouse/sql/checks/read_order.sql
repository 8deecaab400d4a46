-- Every accepted order line, and what its product's scope needs.
SELECT
    record.line_id AS record_key,
    record.line_id,
    sales_order.customer_id,
    record.product_id,
    product.base_category,
    TRUE AS has_order
    /* rule columns */
FROM core.order_lines AS record
INNER JOIN core.orders AS sales_order ON record.order_id = sales_order.order_id
INNER JOIN core.products AS product ON record.product_id = product.product_id;
