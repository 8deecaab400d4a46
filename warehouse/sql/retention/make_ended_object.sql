-- Affinity's site products that its snapshots have not shown for long.
-- Params: $before DATE.
CREATE OR REPLACE TEMP TABLE ended_object AS
SELECT fact.object_uid
FROM ops.affinity_fact AS fact
ANTI JOIN core.affinity_site_products AS there ON fact.object_uid = there.object_uid
GROUP BY fact.object_uid
HAVING bool_and(coalesce(fact.known_to < $before, FALSE));
