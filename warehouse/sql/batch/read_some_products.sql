-- The frozen product rows of a batch whose keys are in the registered frame `asked`.
-- Params: $seq BIGINT.
SELECT * EXCLUDE (seq, site_id, kind, period, nth, fields, group_key)
FROM out.batch_product
WHERE seq = $seq AND row_key IN (SELECT row_key FROM asked);
