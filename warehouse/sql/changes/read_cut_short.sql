-- Ends of charges that went on as a new row, which Affinity took while it refused the end of the old
-- one, or that was given up: to be told again, once a person has released it, or its time has come. An
-- end of the new row that was taken has settled the item of both: the old one is told again.
-- The row that replaced it is named, so Affinity can tell the two apart. Of what has gone on more than
-- once since only what Affinity calls it can name it: as long as that is not known, people are shown.
-- Params: none. work.in_flight and work.known_object are made.
WITH short AS (
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
        billed.period AS newest_period,
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
        ) = 1
)

SELECT
    short.* EXCLUDE (newest_period) REPLACE (
        coalesce(there.object_uid, short.object_uid) AS object_uid
    ),
    charge.customer_id,
    CAST(NULL AS DATE) AS told_on,
    CASE
        WHEN
            short.period + 1 < short.newest_period
            AND coalesce(there.object_uid, short.object_uid) IS NULL
            THEN 'held'
        ELSE 'due'
    END AS state
FROM short
LEFT JOIN out.charge AS charge
    ON short.line_id = charge.line_id AND short.charge_type = charge.charge_type
LEFT JOIN work.known_object AS there
    ON
        short.line_id = there.line_id
        AND short.charge_type = there.charge_type
        AND short.period = there.period
ORDER BY short.line_id, short.charge_type, short.period;
