-- Freeze every due end of a billed charge, keyed by asset, charge type and day; an end that was told
-- before, or that two charges share, has a number in its key. With a canary go only the ends of what
-- its charges replace. What goes on as a new row is replaced by that one, whatever came after it.
-- Params: $seq BIGINT, $tenant VARCHAR, $is_canary BOOLEAN.
INSERT INTO out.batch_cease BY NAME
SELECT
    $seq AS seq,
    left(
        sha256(
            concat(
                $tenant, '|cease|', due.asset_id, '|', due.charge_type, '|',
                strftime(due.cease_on, '%Y-%m-%d'), CASE WHEN due.nth > 1 THEN concat('|', due.nth) END
            )
        ),
        32
    ) AS row_key,
    due.customer_ref,
    due.site_ref,
    due.cli,
    due.sku,
    due.object_uid,
    due.charge_type,
    due.cease_on,
    due.cease_reason,
    coalesce(anew.row_key, written.row_key, exported.row_key, billed.row_key) AS replaced_by,
    due.asset_id,
    due.line_id,
    due.kind,
    due.period,
    due.nth,
    due.shown_as,
    due.value,
    due.group_key
FROM (
    SELECT
        cease.*,
        coalesce(told.nth, 0) + row_number() OVER (
            PARTITION BY coalesce(cease.asset_id, ''), cease.charge_type, cease.cease_on
            ORDER BY cease.line_id, cease.period DESC
        ) AS nth
    FROM out.due_cease AS cease
    LEFT JOIN (
        SELECT
            coalesce(before.asset_id, '') AS asset_id,
            before.charge_type,
            before.cease_on,
            max(before.nth) AS nth
        FROM out.batch_cease AS before
        INNER JOIN out.batch_outcome AS outcome
            ON before.seq = outcome.seq AND before.row_key = outcome.row_key
        WHERE outcome.outcome = 'accepted'
        GROUP BY ALL
    ) AS told
        ON
            coalesce(cease.asset_id, '') = told.asset_id
            AND cease.charge_type = told.charge_type
            AND cease.cease_on = told.cease_on
) AS due
LEFT JOIN (
    SELECT line_id, charge_type, period, arg_max(row_key, seq) AS row_key
    FROM out.batch_product
    WHERE
        action = 'ADD'
        AND line_id IN (SELECT cease.line_id FROM out.due_cease AS cease WHERE cease.kind = 'change')
    GROUP BY line_id, charge_type, period
) AS anew
    ON
        due.kind = 'change'
        AND due.replaced_by_line = anew.line_id
        AND due.charge_type = anew.charge_type
        AND due.period + 1 = anew.period
LEFT JOIN out.batch_charge AS written
    ON
        written.seq = $seq
        AND due.replaced_by_line = written.line_id
        AND due.charge_type = written.charge_type
        AND written.action = 'ADD'
LEFT JOIN ops.charge_state AS exported
    ON
        due.replaced_by_line = exported.line_id
        AND due.charge_type = exported.charge_type
        AND exported.status = 'exported'
LEFT JOIN ops.billed AS billed
    ON due.replaced_by_line = billed.line_id AND due.charge_type = billed.charge_type
WHERE NOT $is_canary OR written.row_key IS NOT NULL;
