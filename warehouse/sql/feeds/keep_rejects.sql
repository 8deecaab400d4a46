-- The rejects of a feed that is as it was: they still are.
-- Params: $feed VARCHAR, $run_id VARCHAR.
INSERT INTO work.run_reject
SELECT
    $run_id AS run_id,
    reject.feed,
    reject.row_number,
    reject.record_key,
    reject.column_name,
    reject.reason,
    reject.raw_value
FROM ops.reject AS reject
INNER JOIN work.accepted AS known ON reject.feed = known.feed AND reject.run_id = known.run_id
WHERE reject.feed = $feed;
