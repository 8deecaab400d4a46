-- Which Affinity site each site is: its own reference, those of its links and
-- what Affinity answered when it was created, counted.
-- Params: $platform_names VARCHAR[] (lower case), $site_entity_type BIGINT.
CREATE OR REPLACE TABLE work.site_ref AS
SELECT
    site_id,
    count(DISTINCT ref) AS site_refs,
    count(DISTINCT ref) FILTER (WHERE NOT is_learnt) AS feed_refs,
    CASE WHEN count(DISTINCT ref) = 1 THEN min(ref) END AS site_ref
FROM (
    SELECT site_id, integration_id AS ref, FALSE AS is_learnt
    FROM core.sites
    UNION ALL
    SELECT site.site_id, link.integration_id AS ref, FALSE AS is_learnt
    FROM core.application_links AS link
    INNER JOIN core.sites AS site ON link.entity_id = site.site_id
    WHERE
        link.entity_type = $site_entity_type
        AND list_contains($platform_names, lower(link.application_name))
    UNION ALL
    SELECT site.site_id, learnt.ref, TRUE AS is_learnt
    FROM ops.entity_state AS learnt
    INNER JOIN core.sites AS site ON learnt.layer_id = site.site_id
    WHERE learnt.file = 'sites'
) AS refs
GROUP BY site_id;
