-- Whether the run's feeds had broken records of lines or assets that nobody ever knew.
-- Params: $run_id VARCHAR.
SELECT record_key
FROM (
    SELECT reject.record_key
    FROM ops.reject AS reject
    ANTI JOIN ops.layer_fact AS fact ON reject.record_key = fact.line_id
    WHERE reject.run_id = $run_id AND reject.feed = 'order_lines'
    UNION ALL
    SELECT reject.record_key
    FROM ops.reject AS reject
    ANTI JOIN ops.layer_fact AS fact ON reject.record_key = fact.asset_id
    WHERE reject.run_id = $run_id AND reject.feed = 'assets'
) AS stranger
LIMIT 1;
