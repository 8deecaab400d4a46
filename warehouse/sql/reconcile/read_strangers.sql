-- Whether lines or assets that nobody ever knew were broken as the run left them.
-- Params: $run_id VARCHAR.
WITH broken AS (
    SELECT feed, record_key
    FROM ops.broken
    WHERE from_run <= $run_id AND coalesce(until_run > $run_id, TRUE)
    UNION ALL
    SELECT feed, record_key
    FROM ops.reject
    WHERE run_id = $run_id AND record_key IS NULL
)

SELECT record_key
FROM (
    SELECT broken.record_key
    FROM broken
    ANTI JOIN ops.layer_fact AS fact ON broken.record_key = fact.line_id
    WHERE broken.feed = 'order_lines'
    UNION ALL
    SELECT broken.record_key
    FROM broken
    ANTI JOIN ops.layer_fact AS fact ON broken.record_key = fact.asset_id
    WHERE broken.feed = 'assets'
) AS stranger
LIMIT 1;
