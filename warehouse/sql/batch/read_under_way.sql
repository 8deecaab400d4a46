-- Batches that leave by themselves and are not settled, with what the queue says of their delivery.
SELECT
    batch.seq,
    batch.state,
    item.state AS queue_state,
    item.next_at,
    item.message,
    EXISTS (
        SELECT 1
        FROM out.delivery_file AS file
        WHERE file.seq = batch.seq AND file.state NOT IN ('pending', 'refused')
    ) AS has_left
FROM out.batch AS batch
LEFT JOIN ops.retry_item AS item
    ON
        item.subject = concat('delivery:', batch.seq)
        AND item.state IN ('waiting', 'parked', 'released', 'in_flight', 'dead')
WHERE
    batch.delivery_mode IS NOT NULL
    AND (
        batch.state IN ('written', 'in_doubt', 'delivered')
        OR (
            batch.state = 'confirmed'
            AND EXISTS (
                SELECT 1
                FROM out.batch_row AS written
                ANTI JOIN out.batch_outcome AS outcome
                    ON written.seq = outcome.seq AND written.row_key = outcome.row_key
                WHERE written.seq = batch.seq
            )
        )
    )
ORDER BY batch.seq;
