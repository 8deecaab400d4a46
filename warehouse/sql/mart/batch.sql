-- mart.batch: every batch ever numbered.
CREATE OR REPLACE VIEW mart.batch AS
SELECT
    seq,
    state,
    created_at,
    confirmed_at,
    row_count AS rows,
    value,
    run_id,
    as_of,
    written_at,
    abandoned_at,
    manifest_sha256,
    actor,
    reason,
    delivery_mode,
    in_doubt_at,
    delivered_at,
    coalesce(is_canary, FALSE) AS is_canary,
    undoes
FROM out.batch;
