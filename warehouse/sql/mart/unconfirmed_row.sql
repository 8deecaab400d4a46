-- mart.unconfirmed_row: every exported row that has no answer yet, with its age and money.
CREATE OR REPLACE VIEW mart.unconfirmed_row AS
SELECT
    written.seq,
    written.file,
    written.row_key,
    written.line_id,
    written.charge_type,
    batch.as_of AS exported_on,
    greatest(latest.as_of - batch.as_of, 0) AS age_days,
    CAST(product.quantity AS DECIMAL(38, 0)) * product.unit_price AS value,
    coalesce(snapshot.started_at > batch.created_at, FALSE) AS never_seen
FROM mart.batch_row AS written
INNER JOIN out.batch AS batch ON written.seq = batch.seq
LEFT JOIN out.batch_product AS product
    ON written.seq = product.seq AND written.row_key = product.row_key
LEFT JOIN (
    SELECT feed_read.feed, max(run.started_at) AS started_at
    FROM ops.feed_read AS feed_read
    INNER JOIN ops.run AS run ON feed_read.run_id = run.run_id
    WHERE run.status NOT IN ('failed', 'running')
    GROUP BY feed_read.feed
) AS snapshot
    ON
        snapshot.feed = CASE
            WHEN starts_with(written.file, '06_') THEN 'affinity_clis'
            WHEN starts_with(written.file, '08_') THEN 'affinity_site_products'
        END
CROSS JOIN (
    SELECT max(run.as_of) AS as_of
    FROM ops.run AS run
    WHERE run.status NOT IN ('failed', 'running')
) AS latest
WHERE
    written.outcome = 'pending'
    AND batch.state IN ('written', 'delivered', 'in_doubt', 'confirmed');
