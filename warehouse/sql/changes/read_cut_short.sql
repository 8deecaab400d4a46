-- Ends of charges that went on as a new row, which Affinity took while it refused the end of the old
-- one, or that was given up: to be told again, once a person has released it, or its time has come. An
-- end of the new row that was taken has settled the item of both: the old one is told again.
-- Params: none. work.in_flight is made.
SELECT
    cease.line_id,
    cease.charge_type,
    cease.kind,
    cease.period,
    cease.shown_as,
    cease.value,
    cease.customer_ref,
    cease.site_ref,
    cease.cli,
    cease.sku,
    cease.object_uid,
    cease.cease_on,
    cease.cease_reason,
    cease.line_id AS replaced_by_line,
    cease.asset_id
FROM out.batch_cease AS cease
INNER JOIN out.batch_outcome AS outcome
    ON cease.seq = outcome.seq AND cease.row_key = outcome.row_key
LEFT JOIN (
    SELECT subject, arg_max(state, id) AS state
    FROM ops.retry_item
    GROUP BY subject
) AS item
    ON item.subject = concat('end:', cease.line_id, ':', cease.charge_type)
INNER JOIN ops.billed AS billed
    ON cease.line_id = billed.line_id AND cease.charge_type = billed.charge_type
ANTI JOIN work.in_flight AS flight
    ON cease.line_id = flight.line_id AND cease.charge_type = flight.charge_type
ANTI JOIN (
    SELECT taken.line_id, taken.charge_type, taken.period, taken.seq
    FROM out.batch_cease AS taken
    INNER JOIN out.batch_outcome AS answer
        ON taken.seq = answer.seq AND taken.row_key = answer.row_key
    WHERE answer.outcome = 'accepted'
) AS ended
    ON
        cease.line_id = ended.line_id
        AND cease.charge_type = ended.charge_type
        AND cease.period = ended.period
        -- an end that was told before it was cut is another one
        AND cease.seq < ended.seq
WHERE
    cease.kind = 'change'
    AND cease.period < billed.period
    AND outcome.outcome IN ('rejected', 'abandoned')
    AND coalesce(item.state IN ('released', 'done'), TRUE)
QUALIFY
    row_number() OVER (
        PARTITION BY cease.line_id, cease.charge_type, cease.period
        ORDER BY cease.seq DESC
    ) = 1;
