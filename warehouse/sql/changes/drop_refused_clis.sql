-- A change of a CLI that Affinity refused as it is goes again when its item in the queue is released,
-- not with every run. One that ends the day before the run, since everybody has left it, is the same on
-- every day.
-- Params: $as_of DATE.
DELETE FROM out.due_cli AS due
USING out.batch_cli AS written
INNER JOIN out.batch_outcome AS outcome
    ON written.seq = outcome.seq AND written.row_key = outcome.row_key
INNER JOIN out.batch AS batch ON written.seq = batch.seq
INNER JOIN ops.retry_item AS item ON item.subject = concat('cli:', written.row_key)
WHERE
    outcome.outcome = 'rejected'
    AND item.state IN ('waiting', 'parked', 'dead', 'discarded')
    AND written.site_ref = due.site_ref
    AND written.cli = due.cli
    AND written.action = due.action
    AND written.start_on IS NOT DISTINCT FROM due.start_on
    AND (
        written.end_on IS NOT DISTINCT FROM due.end_on
        OR (
            due.action = 'CEASE'
            AND due.end_on = $as_of - 1
            AND written.end_on = batch.as_of - 1
        )
    )
    AND written.previous_cli IS NOT DISTINCT FROM due.previous_cli
    AND written.previous_site_ref IS NOT DISTINCT FROM due.previous_site_ref;
