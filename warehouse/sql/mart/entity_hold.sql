-- mart.entity_hold: why customers, sites, addresses, contacts and new products are not told today.
CREATE OR REPLACE VIEW mart.entity_hold AS
SELECT
    hold.subject AS entity,
    hold.layer_id,
    hold.customer_id,
    customer.name AS customer_name,
    hold.reason
FROM out.change_hold AS hold
LEFT JOIN core.customers AS customer ON hold.customer_id = customer.customer_id
WHERE hold.subject <> 'charge';
