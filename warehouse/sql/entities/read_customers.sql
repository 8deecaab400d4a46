-- CUSTOMERS_NOW: every customer, and where it stands.
SELECT
    customer.customer_id,
    customer.name,
    customer.registered_name,
    customer.status,
    customer.vat_number,
    customer.email,
    customer.telephone,
    customer.bill_run,
    customer.payment_terms,
    customer.payment_method,
    customer.integration_id AS feed_ref,
    state.ref AS learnt_ref,
    state.told,
    state.taken,
    state.refused,
    flight.layer_id IS NOT NULL AS in_flight
FROM core.customers AS customer
LEFT JOIN ops.entity_state AS state
    ON state.file = 'customers' AND customer.customer_id = state.layer_id
LEFT JOIN work.entity_in_flight AS flight
    ON flight.file = 'customers' AND customer.customer_id = flight.layer_id;
