-- Every accepted quotation line, with or without an order line, and what its product's scope needs.
SELECT
    record.quotation_line_id AS record_key,
    record.line_id,
    record.customer_id,
    record.product_id,
    product.base_category,
    TRUE AS has_quotation
    /* rule columns */
FROM core.quotation_lines AS record
LEFT JOIN core.products AS product ON record.product_id = product.product_id;
