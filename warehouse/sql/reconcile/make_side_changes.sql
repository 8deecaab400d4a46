-- Where the changes of billed charges stand, what they are about, what Affinity was last told of it, and the
-- last day of what must stop: that of the first stop, however often it is refused and told again. A one-off
-- is taken back, so its last day is past. `end_is_unknown`: no day says since when it is live no more.
-- Params: $day DATE.
CREATE OR REPLACE TEMP TABLE side_change AS
WITH changing AS (
    SELECT
        layer_id AS line_id,
        charge_type,
        min(state) AS change_state,
        bool_or(state = 'held') AS is_held,
        bool_or(action = 'stop' AND field IN ('do_not_bill', 'route')) AS is_stopping,
        bool_or(field = 'is_live') AS is_dead,
        string_agg(DISTINCT field, ',' ORDER BY field) AS changing
    FROM out.change
    WHERE subject = 'charge'
    GROUP BY layer_id, charge_type
),

first_stop AS (
    SELECT layer_key, end_on
    FROM ops.layer_fact
    WHERE
        known_to IS NULL
        AND list_has_any(string_split(changing, ','), ['do_not_bill', 'route', 'is_live'])
)

SELECT
    changing.line_id,
    changing.charge_type,
    CASE WHEN changing.is_held THEN 'held' ELSE changing.change_state END AS change_state,
    changing.changing,
    told.quantity,
    told.unit_price,
    told.sku,
    told.site_ref,
    told.cli,
    told.bill_start_on AS start_on,
    CASE WHEN changing.charge_type = 'recurring' THEN told.bill_end_on END AS end_on,
    CASE
        WHEN told.line_id IS NULL THEN NULL
        WHEN changing.is_stopping OR changing.is_dead
            THEN least(
                first_stop.end_on,
                CASE
                    WHEN told.ended_by = 'change' THEN told.bill_end_on
                    WHEN changing.is_dead OR changing.charge_type = 'upfront' THEN $day - 1
                    ELSE greatest(told.bill_start_on, $day)
                END
            )
    END AS stops_on,
    told.line_id IS NOT NULL AND changing.is_dead AND NOT changing.is_stopping AS end_is_unknown
FROM changing
LEFT JOIN ops.billed AS told
    ON changing.line_id = told.line_id AND changing.charge_type = told.charge_type
LEFT JOIN first_stop
    ON concat('line:', changing.line_id, ':', changing.charge_type) = first_stop.layer_key;
