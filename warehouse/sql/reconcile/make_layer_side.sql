-- What The Layer and our ledger say of every charge that is or was to be billed in Affinity or
-- elsewhere, and of every asset that no line was sold with. A billed charge is as The Layer says today,
-- or as it was told where that is the same. Follows the judgement, the changes and the batch.
-- Params: $platform_names, $own_names VARCHAR[] (lower case).
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
        string_agg(DISTINCT field, ',' ORDER BY field) AS changing
    FROM out.change
    WHERE subject = 'charge'
    GROUP BY layer_id, charge_type
),

held AS (
    SELECT line_id, charge_type, string_agg(DISTINCT reason, ',' ORDER BY reason) AS reasons
    FROM (
        SELECT line_id, charge_type, reason
        FROM out.hold
        UNION ALL
        SELECT layer_id AS line_id, charge_type, reason
        FROM out.change_hold
        WHERE subject = 'charge'
    ) AS each
    GROUP BY line_id, charge_type
),

sold AS (
    SELECT asset_id
    FROM picture
    WHERE asset_id IS NOT NULL
    UNION
    SELECT asset_id
    FROM core.order_lines
    WHERE asset_id IS NOT NULL
    UNION
    SELECT asset.asset_id
    FROM core.assets AS asset
    SEMI JOIN core.order_lines AS line ON asset.line_id = line.line_id
    UNION
    SELECT asset_id
    FROM ops.renewal
    UNION
    SELECT renewed_by
    FROM ops.renewal
),

unsold AS (
    SELECT
        asset.*,
        coalesce(asset.recurring_price, product.recurring_price) AS price,
        coalesce(product.external_sku_recurring, product.external_sku) AS sku,
        product.billing_frequency AS frequency,
        lower(trim(coalesce(asset.recurring_billing_route, product.recurring_billing_route, '')))
            AS route
    FROM core.assets AS asset
    INNER JOIN core.products AS product ON asset.product_id = product.product_id
    ANTI JOIN sold ON asset.asset_id = sold.asset_id
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
    CASE WHEN charge.charge_type = 'recurring' THEN picture.bill_end_on END AS end_on,
    asset.object_uid,
    -- of a charge alone its own row is the key
    joined.row_key AS group_key,
    charge.disposition,
    told.line_id IS NOT NULL AS is_told,
    CASE WHEN changing.is_held THEN 'held' ELSE changing.change_state END AS change_state,
    changing.changing,
    held.reasons
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
LEFT JOIN held ON charge.line_id = held.line_id AND charge.charge_type = held.charge_type
WHERE
    told.line_id IS NOT NULL
    OR charge.disposition NOT IN ('cancelled', 'amendment', 'not_applicable')
UNION ALL BY NAME
SELECT
    concat('asset:', unsold.asset_id, ':recurring') AS layer_key,
    unsold.line_id,
    'recurring' AS charge_type,
    unsold.asset_id,
    unsold.customer_id,
    unsold.site_id,
    unsold.product_id,
    site_ref.site_ref,
    unsold.cli,
    unsold.sku,
    coalesce(unsold.quantity, 1) AS quantity,
    unsold.price AS unit_price,
    unsold.frequency,
    unsold.connection_on AS start_on,
    unsold.cease_on AS end_on,
    unsold.object_uid,
    CAST(NULL AS VARCHAR) AS group_key,
    CASE
        WHEN unsold.do_not_bill THEN 'do_not_bill'
        WHEN unsold.route = '' OR list_contains($own_names, unsold.route) THEN 'billed_in_layer'
        WHEN NOT list_contains($platform_names, unsold.route) THEN 'other_platform'
        -- not live, and nobody says since when
        WHEN NOT unsold.is_live AND unsold.cease_on IS NULL THEN 'waiting'
        ELSE 'unsold'
    END AS disposition,
    FALSE AS is_told,
    CAST(NULL AS VARCHAR) AS change_state,
    CAST(NULL AS VARCHAR) AS changing,
    CASE WHEN unsold.line_id IS NOT NULL THEN 'line_missing' END AS reasons
FROM unsold
LEFT JOIN work.site_ref AS site_ref ON unsold.site_id = site_ref.site_id
WHERE unsold.price > 0;
