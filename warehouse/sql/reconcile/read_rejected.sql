-- What Affinity bills of lines and assets whose record the run's feeds broke.
-- Params: $run_id VARCHAR. known_affinity is a registered frame.
SELECT DISTINCT there.object_uid
FROM known_affinity AS there
LEFT JOIN out.batch_product AS written ON there.row_key = written.row_key
LEFT JOIN ops.layer_fact AS fact ON there.object_uid = fact.object_uid
INNER JOIN ops.reject AS reject
    ON
        reject.run_id = $run_id
        AND (
            (
                reject.feed = 'order_lines'
                AND reject.record_key IN (written.line_id, fact.line_id)
            )
            OR (
                reject.feed = 'assets'
                AND reject.record_key IN (written.asset_id, fact.asset_id)
            )
        );
