-- The claims of billed charges that go on with another CLI than Affinity was told, from today on: until
-- then another asset may have lived on it.
-- Params: $as_of DATE.
CREATE OR REPLACE TEMP TABLE changed_claim AS
SELECT
    now.line_id,
    now.charge_type,
    'in_billing' AS disposition,
    now.site_id,
    now.cli,
    now.sku,
    now.bill_start_on,
    now.asset_id,
    now.item_type AS asset_item_type,
    $as_of AS connection_on,
    now.bill_end_on AS cease_on
FROM out.now_charge AS now
INNER JOIN ops.billed AS told
    ON now.line_id = told.line_id AND now.charge_type = told.charge_type
WHERE
    now.charge_type = 'recurring'
    AND now.stops_because IS NULL
    AND now.cli IS NOT NULL
    AND now.cli IS DISTINCT FROM told.cli;
