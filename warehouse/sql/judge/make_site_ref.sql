-- Which Affinity site each site is: its own reference and those of its links, counted. What Affinity answered
-- when it was created counts where The Layer has none.
-- Params: $platform_names VARCHAR[] (lower case), $site_entity_type BIGINT.
CREATE OR REPLACE TABLE work.site_ref AS
SELECT
    site_id,
    CASE WHEN feed_refs > 0 THEN feed_refs ELSE learnt_refs END AS site_refs,
    feed_refs,
    CASE WHEN feed_refs = 1 THEN feed_ref WHEN feed_refs = 0 AND learnt_refs = 1 THEN learnt_ref END AS site_ref
FROM (
    SELECT
        site_id,
        count(DISTINCT ref) FILTER (NOT is_learnt) AS feed_refs,
        min(ref) FILTER (NOT is_learnt) AS feed_ref,
        count(DISTINCT ref) FILTER (is_learnt) AS learnt_refs,
        min(ref) FILTER (is_learnt) AS learnt_ref
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
    GROUP BY site_id
) AS counted;
