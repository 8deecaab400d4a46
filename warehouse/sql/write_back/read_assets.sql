-- The assets that a batch ended on another day than The Layer has: by a New & Cease it has not carried
-- out, or by a cease request of Affinity.
-- Params: $seq BIGINT.
SELECT
    cease.asset_id AS "Asset Id",
    strftime(max(cease.cease_on), '%Y-%m-%d') AS "Cease Date",
    min(cease.cease_reason) AS "Cease Reason"
FROM out.batch_end AS cease
INNER JOIN out.batch_outcome AS outcome
    ON cease.seq = outcome.seq AND cease.row_key = outcome.row_key
INNER JOIN core.assets AS asset ON cease.asset_id = asset.asset_id
WHERE
    cease.seq = $seq
    AND cease.kind = 'cease'
    AND outcome.outcome = 'accepted'
    AND asset.cease_on IS DISTINCT FROM cease.cease_on
GROUP BY cease.asset_id
ORDER BY cease.asset_id;
