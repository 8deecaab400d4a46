-- What Affinity bills of lines and assets whose record was broken as the run left it.
-- Params: $run_id VARCHAR. known_affinity is a registered frame.
WITH named AS (
    SELECT there.object_uid, written.line_id, written.asset_id
    FROM known_affinity AS there
    INNER JOIN out.batch_product AS written ON there.row_key = written.row_key
    UNION ALL
    SELECT there.object_uid, fact.line_id, fact.asset_id
    FROM known_affinity AS there
    INNER JOIN ops.layer_fact AS fact ON there.object_uid = fact.object_uid
),

broken AS (
    SELECT feed, record_key
    FROM ops.broken
    WHERE
        from_run <= $run_id
        AND coalesce(until_run > $run_id, TRUE)
        AND feed IN ('order_lines', 'assets')
)

SELECT named.object_uid
FROM named
INNER JOIN broken ON named.line_id = broken.record_key AND broken.feed = 'order_lines'
UNION
SELECT named.object_uid
FROM named
INNER JOIN broken ON named.asset_id = broken.record_key AND broken.feed = 'assets';
