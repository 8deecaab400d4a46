-- Earlier stretches of billing that Affinity was told to bill past the end of the newest one, as a cease
-- from before a change leaves them; and those that ended with such a cease, once it was withdrawn or
-- put off. Each ends on the day it was cut or stopped, or with the newest where that is earlier.
-- Only what Affinity calls them can name them: their asset and line are those of the newest. That comes
-- from its snapshot, by our row key, or where the row is not ours, by its place, code and end; else from
-- the row it was ended with. As long as it is not known, people are shown what is not told.
-- Params: none. work.in_flight and work.known_object are made, and what else is due of charges was added.
WITH taken AS (
    SELECT
        cease.*,
        coalesce(ending.cease_on, billed.bill_end_on) AS newest_end_on
    FROM out.batch_cease AS cease
    INNER JOIN out.batch_outcome AS outcome
        ON cease.seq = outcome.seq AND cease.row_key = outcome.row_key
    INNER JOIN ops.billed AS billed
        ON
            cease.line_id = billed.line_id
            AND cease.charge_type = billed.charge_type
            AND cease.period < billed.period
    LEFT JOIN out.due_cease AS ending
        ON
            billed.line_id = ending.line_id
            AND billed.charge_type = ending.charge_type
            AND billed.period = ending.period
    WHERE
        outcome.outcome = 'accepted'
        AND billed.ended_by IS DISTINCT FROM 'stop'
        AND cease.charge_type = 'recurring'
        AND cease.kind IN ('change', 'stop', 'sooner', 'earlier')
        AND cease.group_key IS NULL
),

earlier AS (
    SELECT
        line_id,
        charge_type,
        period,
        arg_max(shown_as, seq) AS shown_as,
        arg_max(value, seq) AS value,
        arg_max(customer_ref, seq) AS customer_ref,
        arg_max(site_ref, seq) AS site_ref,
        arg_max(cli, seq) AS cli,
        arg_max(sku, seq) AS sku,
        arg_max(object_uid, seq) AS object_uid,
        arg_max(asset_id, seq) AS asset_id,
        arg_max(cease_on, seq) AS told_on,
        least(
            arg_max(cease_on, seq) FILTER (kind <> 'earlier'), arg_max(newest_end_on, seq)
        ) AS cease_on
    FROM taken
    GROUP BY line_id, charge_type, period
)

SELECT
    earlier.* REPLACE (
        coalesce(there.object_uid, earlier.object_uid, alike.object_uid) AS object_uid
    ),
    'earlier' AS kind,
    'Ceased before it changed' AS cease_reason,
    NULL AS replaced_by_line,
    charge.customer_id,
    CASE
        WHEN flight.line_id IS NOT NULL THEN 'in_flight'
        WHEN item.subject IS NOT NULL THEN 'held'
        WHEN coalesce(there.object_uid, earlier.object_uid, alike.object_uid) IS NULL THEN 'held'
        ELSE 'due'
    END AS state
FROM earlier
LEFT JOIN work.known_object AS there
    ON
        earlier.line_id = there.line_id
        AND earlier.charge_type = there.charge_type
        AND earlier.period = there.period
LEFT JOIN (
    SELECT
        earlier.line_id,
        earlier.charge_type,
        earlier.period,
        min(product.object_uid) AS object_uid
    FROM earlier
    INNER JOIN core.affinity_site_products AS product
        ON
            earlier.site_ref = product.site_ref
            AND earlier.sku = product.product_code
            AND earlier.told_on = product.end_on
            AND earlier.cli IS NOT DISTINCT FROM product.cli
    WHERE product.row_key IS NULL AND product.charge_type = 'recurring'
    GROUP BY earlier.line_id, earlier.charge_type, earlier.period
    HAVING count(*) = 1
) AS alike
    ON
        earlier.line_id = alike.line_id
        AND earlier.charge_type = alike.charge_type
        AND earlier.period = alike.period
LEFT JOIN out.charge AS charge
    ON earlier.line_id = charge.line_id AND earlier.charge_type = charge.charge_type
LEFT JOIN work.in_flight AS flight
    ON earlier.line_id = flight.line_id AND earlier.charge_type = flight.charge_type
LEFT JOIN (
    SELECT subject
    FROM ops.retry_item
    WHERE state IN ('waiting', 'parked', 'dead')
) AS item ON concat('end:', earlier.line_id, ':', earlier.charge_type) = item.subject
WHERE earlier.cease_on <> earlier.told_on
ORDER BY earlier.line_id, earlier.charge_type, earlier.period;
