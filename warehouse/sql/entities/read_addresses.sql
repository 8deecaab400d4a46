-- ADDRESSES_NOW: every address, and where it stands.
SELECT
    address.address_id,
    address.customer_id,
    address.site_id,
    address.address_type,
    address.line1,
    address.line2,
    address.line3,
    address.town,
    address.county,
    address.postcode,
    address.country,
    state.told,
    state.taken,
    state.refused,
    flight.layer_id IS NOT NULL AS in_flight
FROM core.addresses AS address
LEFT JOIN ops.entity_state AS state
    ON state.file = 'addresses' AND address.address_id = state.layer_id
LEFT JOIN work.entity_in_flight AS flight
    ON flight.file = 'addresses' AND address.address_id = flight.layer_id;
