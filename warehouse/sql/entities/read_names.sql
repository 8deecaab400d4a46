-- NAMES: what every customer is called, and by which ref.
-- Params: none.
SELECT
    customer.name,
    customer.status,
    customer.integration_id AS feed_ref,
    state.ref AS learnt_ref
FROM core.customers AS customer
LEFT JOIN ops.entity_state AS state
    ON state.file = 'customers' AND customer.customer_id = state.layer_id;
