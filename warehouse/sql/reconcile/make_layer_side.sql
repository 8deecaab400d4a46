-- What The Layer and our ledger say of every charge that is or was to be billed in Affinity or
-- elsewhere, of every stretch of billing that was cut or stopped, and of every asset that no such
-- charge was sold with. A billed charge is as The Layer says today, or as it was told where that is the
-- same; an earlier stretch is as it was last told, and one that was billed before we first looked as it
-- was last seen. What is not to be billed any more, and no day says since when, is so since the run that
-- first saw it. Follows the judgement, the changes and the batch.
-- Params: $day DATE, $platform_names, $own_names VARCHAR[] (lower case).
CREATE OR REPLACE TABLE work.layer_side AS
WITH picture AS (
    -- a one-off charge stays where it was told to be
    SELECT
        now.line_id,
        now.charge_type,
        CASE WHEN told.line_id IS NULL THEN now.asset_id ELSE told.asset_id END AS asset_id,
        CASE WHEN told.line_id IS NULL THEN now.site_id ELSE told.site_id END AS site_id,
        CASE WHEN told.line_id IS NULL THEN now.site_ref ELSE told.site_ref END AS site_ref,
        CASE WHEN told.line_id IS NULL THEN now.cli ELSE told.cli END AS cli,
        now.sku,
        now.quantity,
        now.unit_price,
        now.frequency,
        now.bill_start_on,
        now.bill_end_on
    FROM out.now_charge AS now
    LEFT JOIN ops.billed AS told
        ON
            now.charge_type = 'upfront'
            AND now.line_id = told.line_id
            AND now.charge_type = told.charge_type
    UNION ALL BY NAME
    SELECT
        line_id,
        charge_type,
        asset_id,
        site_id,
        site_ref,
        cli,
        sku,
        quantity,
        unit_price,
        frequency,
        bill_start_on,
        bill_end_on
    FROM ops.billed AS told
    ANTI JOIN out.now_charge AS now
        ON told.line_id = now.line_id AND told.charge_type = now.charge_type
    UNION ALL BY NAME
    SELECT
        charge.line_id,
        charge.charge_type,
        coalesce(charge.asset_id, line.asset_id, of_line.asset_id) AS asset_id,
        charge.site_id,
        coalesce(charge.site_ref, site_ref.site_ref) AS site_ref,
        charge.cli,
        charge.sku,
        charge.quantity,
        charge.unit_price,
        charge.frequency,
        charge.bill_start_on,
        charge.bill_end_on
    FROM out.charge AS charge
    ANTI JOIN out.now_charge AS now
        ON charge.line_id = now.line_id AND charge.charge_type = now.charge_type
    ANTI JOIN ops.billed AS told
        ON charge.line_id = told.line_id AND charge.charge_type = told.charge_type
    LEFT JOIN core.order_lines AS line ON charge.line_id = line.line_id
    LEFT JOIN work.asset_of_line AS of_line
        ON charge.line_id = of_line.line_id AND of_line.assets = 1
    LEFT JOIN work.site_ref AS site_ref ON charge.site_id = site_ref.site_id
),

changing AS (
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

known AS (
    SELECT
        layer_key,
        end_on,
        source_gone_from,
        disposition = 'unsold' OR coalesce(end_is_unknown, FALSE) AS was_to_bill,
        coalesce(
            list_has_any(string_split(changing, ','), ['do_not_bill', 'route', 'is_live']), FALSE
        ) AS is_stopping
    FROM ops.layer_fact
    WHERE known_to IS NULL
),

-- the last day of what must stop: that of the first stop, however often it is refused and told again;
-- a one-off is taken back, so its last day is past
stopping AS (
    SELECT
        changing.line_id,
        changing.charge_type,
        changing.is_dead AND NOT changing.is_stopping AS is_unknown,
        least(
            known.end_on,
            CASE
                WHEN told.ended_by = 'change' THEN told.bill_end_on
                WHEN changing.is_dead OR changing.charge_type = 'upfront' THEN $day - 1
                ELSE greatest(told.bill_start_on, $day)
            END
        ) AS end_on
    FROM changing
    INNER JOIN ops.billed AS told
        ON changing.line_id = told.line_id AND changing.charge_type = told.charge_type
    LEFT JOIN known
        ON
            concat('line:', changing.line_id, ':', changing.charge_type) = known.layer_key
            AND known.is_stopping
    WHERE changing.is_stopping OR changing.is_dead
),

broken AS (
    SELECT feed, record_key
    FROM ops.broken
    WHERE until_run IS NULL
),

-- billed charges whose line or asset is in the feeds no more; what is broken is not gone
gone AS (
    SELECT charge.line_id, charge.charge_type
    FROM out.charge AS charge
    INNER JOIN picture
        ON charge.line_id = picture.line_id AND charge.charge_type = picture.charge_type
    INNER JOIN ops.billed AS told
        ON charge.line_id = told.line_id AND charge.charge_type = told.charge_type
    LEFT JOIN core.order_lines AS line ON charge.line_id = line.line_id
    LEFT JOIN core.assets AS asset
        ON coalesce(picture.asset_id, told.asset_id) = asset.asset_id
    ANTI JOIN broken
        ON
            (broken.feed = 'order_lines' AND charge.line_id = broken.record_key)
            OR (
                broken.feed = 'assets'
                AND coalesce(picture.asset_id, told.asset_id) = broken.record_key
            )
    WHERE
        charge.disposition = 'in_billing'
        AND (
            line.line_id IS NULL
            OR (coalesce(picture.asset_id, told.asset_id) IS NOT NULL AND asset.asset_id IS NULL)
        )
),

held AS (
    SELECT line_id, charge_type, string_agg(DISTINCT reason, ',' ORDER BY reason) AS reasons
    FROM (
        -- a comma in a rule's name is none between reasons
        SELECT line_id, charge_type, replace(reason, ',', chr(31)) AS reason
        FROM out.hold
        UNION ALL
        SELECT layer_id AS line_id, charge_type, replace(reason, ',', chr(31)) AS reason
        FROM out.change_hold
        WHERE subject = 'charge'
    ) AS each
    GROUP BY line_id, charge_type
),

kept AS (
    SELECT charge.line_id, charge.charge_type
    FROM out.charge AS charge
    LEFT JOIN ops.billed AS told
        ON charge.line_id = told.line_id AND charge.charge_type = told.charge_type
    WHERE
        told.line_id IS NOT NULL
        OR charge.disposition NOT IN ('cancelled', 'amendment', 'not_applicable')
),

-- the last end that was taken of each stretch that a charge has left behind
ended AS (
    SELECT
        cease.line_id,
        cease.charge_type,
        cease.period,
        arg_max(cease.cease_on, cease.seq) AS end_on,
        min(batch.as_of) AS left_on
    FROM out.batch_cease AS cease
    INNER JOIN out.batch_outcome AS outcome
        ON cease.seq = outcome.seq AND cease.row_key = outcome.row_key
    INNER JOIN out.batch AS batch ON cease.seq = batch.seq
    INNER JOIN ops.billed AS told
        ON cease.line_id = told.line_id AND cease.charge_type = told.charge_type
    WHERE
        outcome.outcome = 'accepted'
        AND cease.charge_type = 'recurring'
        AND cease.kind <> 'undo'
        AND cease.group_key IS NULL
        AND (cease.period < told.period OR told.ended_by = 'stop')
    GROUP BY cease.line_id, cease.charge_type, cease.period
),

-- as it was last told; what was billed before we first looked as it was last seen
former AS (
    SELECT *
    FROM (
        SELECT
            ended.*,
            product.asset_id,
            product.site_ref,
            product.cli,
            product.sku,
            product.quantity,
            product.unit_price,
            product.frequency,
            product.bill_start_on AS start_on,
            product.seq AS told_in,
            CAST(NULL AS DATE) AS seen_on
        FROM ended
        INNER JOIN out.batch_product AS product
            ON
                ended.line_id = product.line_id
                AND ended.charge_type = product.charge_type
                AND ended.period = product.period
        INNER JOIN out.batch_outcome AS outcome
            ON product.seq = outcome.seq AND product.row_key = outcome.row_key
        WHERE outcome.outcome = 'accepted'
        UNION ALL
        SELECT
            ended.*,
            fact.asset_id,
            fact.site_ref,
            fact.cli,
            fact.sku,
            fact.quantity,
            fact.unit_price,
            fact.frequency,
            fact.start_on,
            NULL AS told_in,
            fact.known_from AS seen_on
        FROM ended
        INNER JOIN ops.layer_fact AS fact
            ON
                concat('line:', ended.line_id, ':', ended.charge_type) = fact.layer_key
                AND fact.known_from < ended.left_on
        WHERE ended.period = 1
    ) AS was
    QUALIFY
        row_number() OVER (
            PARTITION BY line_id, charge_type, period
            ORDER BY told_in DESC NULLS LAST, seen_on DESC
        ) = 1
),

sold AS (
    SELECT picture.asset_id
    FROM picture
    SEMI JOIN kept
        ON picture.line_id = kept.line_id AND picture.charge_type = kept.charge_type
    WHERE picture.asset_id IS NOT NULL
    UNION
    SELECT line.asset_id
    FROM core.order_lines AS line
    SEMI JOIN kept ON line.line_id = kept.line_id
    WHERE line.asset_id IS NOT NULL
    UNION
    SELECT asset.asset_id
    FROM core.assets AS asset
    SEMI JOIN kept ON asset.line_id = kept.line_id
    UNION
    SELECT asset_id
    FROM ops.renewal
    UNION
    SELECT renewed_by
    FROM ops.renewal
),

-- the lines that name an asset, and are no reason to bill it
refused AS (
    SELECT
        asset_id,
        bool_or(is_cancelled) AS is_cancelled
    FROM (
        SELECT line.asset_id, charge.disposition = 'cancelled' AS is_cancelled
        FROM core.order_lines AS line
        INNER JOIN out.charge AS charge
            ON line.line_id = charge.line_id AND charge.charge_type = 'recurring'
        WHERE line.asset_id IS NOT NULL
        UNION ALL
        SELECT asset.asset_id, charge.disposition = 'cancelled' AS is_cancelled
        FROM core.assets AS asset
        INNER JOIN out.charge AS charge
            ON asset.line_id = charge.line_id AND charge.charge_type = 'recurring'
    ) AS each
    GROUP BY asset_id
),

unsold AS (
    SELECT
        asset.*,
        coalesce(asset.recurring_price, product.recurring_price) AS price,
        coalesce(product.external_sku_recurring, product.external_sku) AS sku,
        product.billing_frequency AS frequency,
        coalesce(refused.is_cancelled, FALSE) AS is_cancelled,
        line.line_id IS NULL AND asset.line_id IS NOT NULL AS lacks_line,
        lower(trim(coalesce(asset.recurring_billing_route, product.recurring_billing_route, '')))
            AS route
    FROM core.assets AS asset
    INNER JOIN core.products AS product ON asset.product_id = product.product_id
    LEFT JOIN refused ON asset.asset_id = refused.asset_id
    LEFT JOIN core.order_lines AS line ON asset.line_id = line.line_id
    ANTI JOIN sold ON asset.asset_id = sold.asset_id
),

judged AS (
    SELECT
        *,
        concat('asset:', asset_id, ':recurring') AS layer_key,
        CASE
            WHEN is_cancelled THEN 'cancelled'
            WHEN coalesce(price, 0) <= 0 THEN 'not_applicable'
            WHEN do_not_bill THEN 'do_not_bill'
            WHEN route = '' OR list_contains($own_names, route) THEN 'billed_in_layer'
            WHEN NOT list_contains($platform_names, route) THEN 'other_platform'
            ELSE 'unsold'
        END AS disposition
    FROM unsold
),

-- assets that are live, or to be billed, no more, and no day says since when
ending AS (
    SELECT
        judged.layer_key,
        least(known.end_on, judged.cease_on, $day - 1) AS end_on
    FROM judged
    LEFT JOIN known ON judged.layer_key = known.layer_key
    WHERE
        CASE
            WHEN judged.disposition <> 'unsold' THEN coalesce(known.was_to_bill, FALSE)
            ELSE
                NOT judged.is_live
                AND judged.cease_on IS NULL
                AND coalesce(judged.connection_on <= $day, TRUE)
        END
)

SELECT
    concat('line:', charge.line_id, ':', charge.charge_type) AS layer_key,
    charge.line_id,
    charge.charge_type,
    picture.asset_id,
    charge.customer_id,
    coalesce(picture.site_id, charge.site_id) AS site_id,
    charge.product_id,
    picture.site_ref,
    picture.cli,
    picture.sku,
    picture.quantity,
    picture.unit_price,
    picture.frequency,
    picture.bill_start_on AS start_on,
    least(
        CASE WHEN charge.charge_type = 'recurring' THEN picture.bill_end_on END, stopping.end_on
    ) AS end_on,
    asset.object_uid,
    -- of a charge alone its own row is the key
    joined.row_key AS group_key,
    charge.disposition,
    told.line_id IS NOT NULL AS is_told,
    CASE WHEN changing.is_held THEN 'held' ELSE changing.change_state END AS change_state,
    changing.changing,
    held.reasons,
    CASE WHEN changing.line_id IS NOT NULL THEN told.quantity END AS told_quantity,
    CASE WHEN changing.line_id IS NOT NULL THEN told.unit_price END AS told_unit_price,
    CASE WHEN changing.line_id IS NOT NULL THEN told.sku END AS told_sku,
    CASE WHEN changing.line_id IS NOT NULL THEN told.site_ref END AS told_site_ref,
    CASE WHEN changing.line_id IS NOT NULL THEN told.cli END AS told_cli,
    CASE WHEN changing.line_id IS NOT NULL THEN told.bill_start_on END AS told_start_on,
    CASE
        WHEN changing.line_id IS NOT NULL AND charge.charge_type = 'recurring'
            THEN told.bill_end_on
    END AS told_end_on,
    CASE WHEN gone.line_id IS NOT NULL THEN coalesce(known.source_gone_from, $day) END
        AS source_gone_from,
    CASE WHEN stopping.is_unknown THEN TRUE END AS end_is_unknown
FROM out.charge AS charge
INNER JOIN picture
    ON charge.line_id = picture.line_id AND charge.charge_type = picture.charge_type
LEFT JOIN ops.billed AS told
    ON charge.line_id = told.line_id AND charge.charge_type = told.charge_type
LEFT JOIN core.assets AS asset ON picture.asset_id = asset.asset_id
LEFT JOIN ops.group_member AS joined
    ON
        charge.line_id = joined.line_id
        AND charge.charge_type = joined.charge_type
        AND joined.left_in IS NULL
LEFT JOIN changing
    ON charge.line_id = changing.line_id AND charge.charge_type = changing.charge_type
LEFT JOIN stopping
    ON charge.line_id = stopping.line_id AND charge.charge_type = stopping.charge_type
LEFT JOIN gone ON charge.line_id = gone.line_id AND charge.charge_type = gone.charge_type
LEFT JOIN known
    ON concat('line:', charge.line_id, ':', charge.charge_type) = known.layer_key
LEFT JOIN held ON charge.line_id = held.line_id AND charge.charge_type = held.charge_type
SEMI JOIN kept ON charge.line_id = kept.line_id AND charge.charge_type = kept.charge_type
UNION ALL BY NAME
SELECT
    concat('line:', former.line_id, ':', former.charge_type, ':', former.period) AS layer_key,
    former.line_id,
    former.charge_type,
    former.asset_id,
    charge.customer_id,
    charge.site_id,
    charge.product_id,
    former.site_ref,
    former.cli,
    former.sku,
    former.quantity,
    former.unit_price,
    former.frequency,
    former.start_on,
    former.end_on,
    'in_billing' AS disposition,
    TRUE AS is_told
FROM former
INNER JOIN out.charge AS charge
    ON former.line_id = charge.line_id AND former.charge_type = charge.charge_type
UNION ALL BY NAME
SELECT
    judged.layer_key,
    judged.line_id,
    'recurring' AS charge_type,
    judged.asset_id,
    judged.customer_id,
    judged.site_id,
    judged.product_id,
    site_ref.site_ref,
    judged.cli,
    judged.sku,
    coalesce(judged.quantity, 1) AS quantity,
    judged.price AS unit_price,
    judged.frequency,
    judged.connection_on AS start_on,
    coalesce(ending.end_on, judged.cease_on) AS end_on,
    judged.object_uid,
    CAST(NULL AS VARCHAR) AS group_key,
    judged.disposition,
    FALSE AS is_told,
    CAST(NULL AS VARCHAR) AS change_state,
    CAST(NULL AS VARCHAR) AS changing,
    CASE WHEN judged.lacks_line THEN 'line_missing' END AS reasons,
    CASE WHEN ending.layer_key IS NOT NULL THEN TRUE END AS end_is_unknown
FROM judged
LEFT JOIN ending ON judged.layer_key = ending.layer_key
LEFT JOIN work.site_ref AS site_ref ON judged.site_id = site_ref.site_id;
