-- SITES_NOW: every site, and where it stands. work.site_ref is the judgement's.
SELECT
    site.site_id,
    site.customer_id,
    site.parent_site_id,
    site.name,
    site.site_ref AS site_reference,
    site.is_default,
    known.site_ref,
    known.site_refs AS refs,
    known.feed_refs,
    state.told,
    state.taken,
    state.refused,
    flight.layer_id IS NOT NULL AS in_flight
FROM core.sites AS site
LEFT JOIN work.site_ref AS known ON site.site_id = known.site_id
LEFT JOIN ops.entity_state AS state ON state.file = 'sites' AND site.site_id = state.layer_id
LEFT JOIN work.entity_in_flight AS flight
    ON flight.file = 'sites' AND site.site_id = flight.layer_id;
