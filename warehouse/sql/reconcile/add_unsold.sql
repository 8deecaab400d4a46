-- Assets that no charge of ours was sold with. What is not to be billed any more, and no day says since
-- when, is so since the run that first saw it.
-- Params: $day DATE, $platform_names, $own_names VARCHAR[] (lower case).
INSERT INTO layer_side BY NAME
WITH refused AS (
    -- the lines that name an asset, and are no reason to bill it
    SELECT
        asset_id,
        bool_or(disposition = 'cancelled') AS is_cancelled,
        bool_or(disposition = 'not_applicable') AS is_free
    FROM (
        SELECT line.asset_id, charge.disposition
        FROM core.order_lines AS line
        SEMI JOIN side_unsold AS unsold ON line.asset_id = unsold.asset_id
        INNER JOIN out.charge AS charge
            ON line.line_id = charge.line_id AND charge.charge_type = 'recurring'
        UNION ALL
        SELECT unsold.asset_id, charge.disposition
        FROM side_unsold AS unsold
        INNER JOIN out.charge AS charge
            ON unsold.line_id = charge.line_id AND charge.charge_type = 'recurring'
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
        coalesce(refused.is_free, FALSE) AS is_free,
        line.line_id IS NULL AND asset.line_id IS NOT NULL AS lacks_line,
        broken.record_key IS NOT NULL AS line_is_broken,
        lower(trim(coalesce(asset.recurring_billing_route, product.recurring_billing_route, '')))
            AS route
    FROM core.assets AS asset
    INNER JOIN core.products AS product ON asset.product_id = product.product_id
    LEFT JOIN refused ON asset.asset_id = refused.asset_id
    LEFT JOIN core.order_lines AS line ON asset.line_id = line.line_id
    LEFT JOIN (
        SELECT DISTINCT record_key FROM ops.broken WHERE feed = 'order_lines' AND until_run IS NULL
    ) AS broken ON asset.line_id = broken.record_key
    SEMI JOIN side_unsold AS alone ON asset.asset_id = alone.asset_id
),

judged AS (
    SELECT
        *,
        concat('asset:', asset_id, ':recurring') AS layer_key,
        CASE
            WHEN is_cancelled THEN 'cancelled'
            WHEN is_free OR coalesce(price, 0) <= 0 THEN 'not_applicable'
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
    LEFT JOIN ops.layer_fact AS known
        ON judged.layer_key = known.layer_key AND known.known_to IS NULL
    WHERE
        CASE
            WHEN judged.disposition <> 'unsold'
                THEN coalesce(known.disposition = 'unsold' OR known.end_is_unknown, FALSE)
            ELSE
                NOT judged.is_live
                AND judged.cease_on IS NULL
                AND coalesce(judged.connection_on <= $day, TRUE)
        END
)

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
    CASE
        WHEN judged.lacks_line AND judged.line_is_broken THEN 'line_rejected'
        WHEN judged.lacks_line THEN 'line_missing'
    END AS reasons,
    CASE WHEN ending.layer_key IS NOT NULL THEN TRUE END AS end_is_unknown
FROM judged
LEFT JOIN ending ON judged.layer_key = ending.layer_key
LEFT JOIN work.site_ref AS site_ref ON judged.site_id = site_ref.site_id;
