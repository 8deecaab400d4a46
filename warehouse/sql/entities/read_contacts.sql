-- CONTACTS_NOW: every contact, and where it stands.
SELECT
    contact.contact_id,
    contact.customer_id,
    contact.site_id,
    contact.first_name,
    contact.last_name,
    contact.role,
    contact.email,
    contact.telephone,
    state.told,
    state.taken,
    state.refused,
    flight.layer_id IS NOT NULL AS in_flight
FROM core.contacts AS contact
LEFT JOIN ops.entity_state AS state
    ON state.file = 'contacts' AND contact.contact_id = state.layer_id
LEFT JOIN work.entity_in_flight AS flight
    ON flight.file = 'contacts' AND contact.contact_id = flight.layer_id;
