-- mart.money_clock: money that is late, or taken and must not be, by the latest reconciliation.
CREATE OR REPLACE VIEW mart.money_clock AS
SELECT
    clock.kind,
    clock.side,
    clock.record_key,
    clock.match_id,
    ours.customer_id,
    customer.name AS customer_name,
    ours.line_id,
    ours.charge_type,
    replace(held.reasons, chr(31), ',') AS reasons,
    clock.since,
    clock.age_days,
    CASE
        WHEN clock.age_days <= 30 THEN '0 to 30 days'
        WHEN clock.age_days <= 90 THEN '31 to 90 days'
        WHEN clock.age_days <= 365 THEN '91 to 365 days'
        ELSE 'more than a year'
    END AS age,
    clock.per_month,
    clock.once
FROM out.money_clock AS clock
LEFT JOIN (
    SELECT
        match_id,
        min(customer_id) AS customer_id,
        min(line_id) AS line_id,
        min(charge_type) AS charge_type
    FROM out.reconciled_layer
    GROUP BY match_id
) AS ours ON clock.match_id = ours.match_id
LEFT JOIN out.reconciled_layer AS held
    ON clock.side = 'layer' AND clock.record_key = held.layer_key
LEFT JOIN core.customers AS customer ON ours.customer_id = customer.customer_id;
