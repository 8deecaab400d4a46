-- Whether the run's feeds had broken records of lines or assets that nobody ever knew.
-- Params: $run_id VARCHAR.
SELECT reject.record_key
FROM ops.reject AS reject
ANTI JOIN ops.layer_fact AS fact
    ON
        (reject.feed = 'order_lines' AND reject.record_key = fact.line_id)
        OR (reject.feed = 'assets' AND reject.record_key = fact.asset_id)
WHERE reject.run_id = $run_id AND reject.feed IN ('order_lines', 'assets')
LIMIT 1;
