-- mart.change: what differs today from what Affinity was told of billed charges, field by field.
CREATE OR REPLACE VIEW mart.change AS
SELECT
    change.layer_id AS line_id,
    change.charge_type,
    change.customer_id,
    customer.name AS customer_name,
    change.action,
    change.field,
    change.told,
    change.now,
    change.state,
    change.value
FROM out.change AS change
LEFT JOIN core.customers AS customer ON change.customer_id = customer.customer_id
WHERE change.subject = 'charge';
