-- What waits for too long: held charges, items of the queue that wait for people, rows without an
-- answer, and the day of Affinity's last snapshot.
-- Params: $queued_before TIMESTAMP, $answer_days INTEGER.
SELECT
    (
        SELECT CAST(coalesce(sum(charge.value), 0) AS DECIMAL(38, 4))
        FROM mart.charge AS charge
        WHERE charge.disposition = 'held'
    ) AS held,
    (
        SELECT count(*)
        FROM mart.retry_item AS item
        WHERE item.state IN ('parked', 'dead') AND item.last_seen_at < $queued_before
    ) AS stuck_items,
    (
        SELECT CAST(coalesce(sum(item.value), 0) AS DECIMAL(38, 4))
        FROM mart.retry_item AS item
        WHERE item.state IN ('parked', 'dead') AND item.last_seen_at < $queued_before
    ) AS stuck_value,
    (
        SELECT count(*)
        FROM mart.unconfirmed_row AS unanswered
        INNER JOIN mart.batch AS batch ON unanswered.seq = batch.seq
        WHERE batch.state = 'confirmed' AND unanswered.age_days > $answer_days
    ) AS unanswered_rows,
    (
        SELECT CAST(coalesce(sum(unanswered.value), 0) AS DECIMAL(38, 4))
        FROM mart.unconfirmed_row AS unanswered
        INNER JOIN mart.batch AS batch ON unanswered.seq = batch.seq
        WHERE batch.state = 'confirmed' AND unanswered.age_days > $answer_days
    ) AS unanswered_value,
    (
        SELECT max(run.as_of)
        FROM ops.feed_read AS feed_read
        INNER JOIN ops.run AS run ON feed_read.run_id = run.run_id
        WHERE
            feed_read.feed = 'affinity_site_products'
            AND run.status NOT IN ('failed', 'running')
    ) AS snapshot_of;
