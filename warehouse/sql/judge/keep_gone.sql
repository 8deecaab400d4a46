-- Charges with ledger history whose line is in the feeds no more: kept as they were last seen.
-- Params: none. `absent` holds those that are gone, `before` the last run's charges of them.
INSERT INTO out.charge
SELECT
    gone.* REPLACE (
        state.status AS disposition,
        CASE
            WHEN state.status = 'in_billing' THEN 'In Billing' ELSE 'Ready to Bill'
        END AS bill_status,
        state.batch_seq AS batch_seq,
        state.in_billing_on AS in_billing_on
    )
FROM before AS gone
INNER JOIN absent AS state
    ON gone.line_id = state.line_id AND gone.charge_type = state.charge_type
WHERE state.status IN ('exported', 'in_billing');
