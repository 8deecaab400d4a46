-- Charges with ledger history whose line is in the feeds no more: kept as they were last seen.
-- Params: none. `before` holds the last run's charges with ledger history.
INSERT INTO out.charge
-- which they are first: two joins at once of all there is would have to fit into memory
WITH absent AS MATERIALIZED (
    SELECT state.line_id, state.charge_type
    FROM ops.charge_state AS state
    ANTI JOIN core.order_lines AS line ON state.line_id = line.line_id
    WHERE state.status IN ('exported', 'in_billing')
)

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
INNER JOIN (
    SELECT each.*
    FROM ops.charge_state AS each
    SEMI JOIN absent ON each.line_id = absent.line_id AND each.charge_type = absent.charge_type
) AS state
    ON gone.line_id = state.line_id AND gone.charge_type = state.charge_type;
