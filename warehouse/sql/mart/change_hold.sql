-- mart.change_hold: why a change of a billed charge is not told yet.
CREATE OR REPLACE VIEW mart.change_hold AS
SELECT
    hold.layer_id AS line_id,
    hold.charge_type,
    hold.customer_id,
    customer.name AS customer_name,
    hold.reason
FROM out.change_hold AS hold
LEFT JOIN core.customers AS customer ON hold.customer_id = customer.customer_id
WHERE hold.subject = 'charge';
