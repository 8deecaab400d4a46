-- mart.do_not_bill: every charge that Do Not Bill withholds, why, and the money.
CREATE OR REPLACE VIEW mart.do_not_bill AS
SELECT
    charge.line_id,
    charge.charge_type,
    charge.customer_id,
    customer.name AS customer_name,
    charge.product_id,
    withheld.reason,
    withheld.marked,
    withheld.stopped_on,
    charge.value,
    charge.frequency
FROM out.do_not_bill AS withheld
INNER JOIN out.charge AS charge
    ON withheld.line_id = charge.line_id AND withheld.charge_type = charge.charge_type
LEFT JOIN core.customers AS customer ON charge.customer_id = customer.customer_id;
