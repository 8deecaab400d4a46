-- The assets that a batch ended on another day than The Layer has: by a New & Cease it has not carried
-- out, or by a cease request of Affinity. A day that The Layer itself had, and has put off or taken out since,
-- is none, nor is one that Affinity was told otherwise after.
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
    AND EXISTS (
        SELECT 1
        FROM ops.billed AS billed
        WHERE
            billed.line_id = cease.line_id
            AND billed.charge_type = cease.charge_type
            AND billed.bill_end_on = cease.cease_on
    )
    AND (
        cease.asset_id IN (
            SELECT request.asset_id
            FROM ops.cease_request AS request
            WHERE request.completed_on = cease.cease_on
        )
        OR cease.asset_id IN (
            SELECT line.target_asset_id
            FROM core.order_lines AS line
            INNER JOIN core.assets AS made
                ON line.asset_id = made.asset_id OR (line.asset_id IS NULL AND line.line_id = made.line_id)
            WHERE line.action = 'New & Cease' AND made.connection_on - 1 = cease.cease_on
        )
    )
GROUP BY cease.asset_id
ORDER BY cease.asset_id;
