-- What Affinity calls the stretches of billing of charges that were told an end, by our row keys in its
-- snapshot.
-- Params: none.
CREATE OR REPLACE TABLE work.known_object AS
SELECT added.line_id, added.charge_type, added.period, min(product.object_uid) AS object_uid
FROM out.batch_product AS added
INNER JOIN core.affinity_site_products AS product ON added.row_key = product.row_key
SEMI JOIN out.batch_cease AS cease ON added.line_id = cease.line_id
WHERE added.action = 'ADD'
GROUP BY added.line_id, added.charge_type, added.period;
