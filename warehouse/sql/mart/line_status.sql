-- mart.line_status: The Layer's two bill statuses of each line, and the light beside it.
CREATE OR REPLACE VIEW mart.line_status AS
SELECT
    line_id,
    max(bill_status) FILTER (charge_type = 'upfront') AS upfront_bill_status,
    max(bill_status) FILTER (charge_type = 'recurring') AS recurring_bill_status,
    CASE
        WHEN bool_and(disposition = 'in_billing') FILTER (
            is_platform_route
            AND disposition NOT IN ('not_applicable', 'do_not_bill', 'cancelled', 'amendment')
        ) THEN 'green'
        ELSE 'orange'
    END AS light
FROM out.charge
GROUP BY line_id;
