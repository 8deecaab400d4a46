-- Batches that are settled and have been for long: every row has its answer, nothing moved since, nothing of them is
-- owed, and no undo of them is under way.
-- Params: $before DATE.
CREATE OR REPLACE TEMP TABLE old_batch AS
SELECT batch.seq, batch.path
FROM out.batch AS batch
ANTI JOIN (
    SELECT written.seq
    FROM out.batch_row AS written
    ANTI JOIN out.batch_outcome AS outcome
        ON written.seq = outcome.seq AND written.row_key = outcome.row_key
) AS unanswered ON batch.seq = unanswered.seq
ANTI JOIN (
    SELECT undoes FROM out.batch WHERE state NOT IN ('confirmed', 'abandoned')
) AS undoing ON batch.seq = undoing.undoes
ANTI JOIN (
    SELECT batch_seq FROM ops.retry_item WHERE state NOT IN ('done', 'discarded')
) AS owed ON batch.seq = owed.batch_seq
ANTI JOIN (
    SELECT batch_seq FROM ops.ledger WHERE CAST("at" AS DATE) >= $before
) AS moved ON batch.seq = moved.batch_seq
WHERE
    batch.state IN ('confirmed', 'abandoned')
    AND CAST(coalesce(batch.confirmed_at, batch.abandoned_at) AS DATE) < $before
    AND coalesce(CAST(batch.abandoned_at AS DATE) < $before, TRUE);
