-- Billed charges whose line or asset is in the feeds no more, and since when; what is broken is not gone.
-- Params: $day DATE.
CREATE OR REPLACE TEMP TABLE side_gone AS
WITH missing AS (
    SELECT charge.line_id, charge.charge_type, charge.any_asset_id
    FROM side_charge AS charge
    ANTI JOIN core.order_lines AS line ON charge.line_id = line.line_id
    WHERE charge.is_told AND charge.disposition = 'in_billing'
    UNION
    SELECT charge.line_id, charge.charge_type, charge.any_asset_id
    FROM side_charge AS charge
    ANTI JOIN core.assets AS asset ON charge.any_asset_id = asset.asset_id
    WHERE
        charge.is_told
        AND charge.disposition = 'in_billing'
        AND charge.any_asset_id IS NOT NULL
),

gone AS (
    SELECT missing.*
    FROM missing
    ANTI JOIN (FROM ops.broken WHERE feed = 'order_lines' AND until_run IS NULL) AS line
        ON missing.line_id = line.record_key
    ANTI JOIN (FROM ops.broken WHERE feed = 'assets' AND until_run IS NULL) AS asset
        ON missing.any_asset_id = asset.record_key
)

SELECT gone.line_id, gone.charge_type, coalesce(known.source_gone_from, $day) AS gone_from
FROM gone
LEFT JOIN ops.layer_fact AS known
    ON
        known.known_to IS NULL
        AND concat('line:', gone.line_id, ':', gone.charge_type) = known.layer_key;
