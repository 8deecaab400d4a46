-- mart.charge: every charge of the latest run, and every other with ledger history.
CREATE OR REPLACE VIEW mart.charge AS
SELECT
    charge.line_id,
    charge.charge_type,
    charge.customer_id,
    customer.name AS customer_name,
    charge.site_id,
    charge.product_id,
    product.name AS product_name,
    charge.item_type,
    charge.route,
    charge.disposition,
    charge.waiting_reason,
    charge.bill_status,
    charge.quantity,
    charge.unit_price,
    charge.value,
    charge.frequency,
    charge.bill_start_on,
    charge.bill_start_source,
    charge.cli,
    charge.sku,
    charge.batch_seq,
    first_ready.first_ready_on,
    charge.in_billing_on
FROM out.charge AS charge
LEFT JOIN core.customers AS customer ON charge.customer_id = customer.customer_id
LEFT JOIN core.products AS product ON charge.product_id = product.product_id
LEFT JOIN out.first_ready AS first_ready
    ON charge.line_id = first_ready.line_id AND charge.charge_type = first_ready.charge_type;
