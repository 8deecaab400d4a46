-- Customers, sites, addresses and contacts that are gone from the feeds, whose rows are all in old batches, and whose
-- customer has nothing that stands or ended lately; whose customer is in its cells, as schemas/affinity.py lists them.
-- A feed without any of a kind says nothing of what is gone.
-- Params: none. present, old_batch and ended_fact are temporary tables.
CREATE OR REPLACE TEMP TABLE ended_entity AS
WITH remembered AS (
    SELECT
        file,
        layer_id,
        CASE file WHEN 'customers' THEN layer_id WHEN 'sites' THEN told[4] ELSE told[2] END
            AS customer_id
    FROM ops.entity_state
    UNION
    SELECT file, layer_id, customer_id FROM out.batch_entity
),

lately AS (
    SELECT fact.customer_id
    FROM ops.layer_fact AS fact
    ANTI JOIN ended_fact ON fact.layer_key = ended_fact.layer_key
),

standing AS (
    SELECT feed AS file, id AS layer_id FROM present
    UNION ALL
    SELECT written.file, written.layer_id
    FROM out.batch_entity AS written
    ANTI JOIN old_batch ON written.seq = old_batch.seq
    UNION ALL
    SELECT remembered.file, remembered.layer_id
    FROM remembered
    INNER JOIN lately ON remembered.customer_id = lately.customer_id
    UNION ALL
    SELECT remembered.file, remembered.layer_id
    FROM remembered
    INNER JOIN present ON present.feed = 'customers' AND remembered.customer_id = present.id
)

SELECT DISTINCT remembered.file, remembered.layer_id
FROM remembered
SEMI JOIN present ON remembered.file = present.feed
ANTI JOIN standing
    ON remembered.file = standing.file AND remembered.layer_id = standing.layer_id
WHERE remembered.file IN ('customers', 'sites', 'addresses', 'contacts');
