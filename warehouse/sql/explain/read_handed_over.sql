-- What was handed over with the site, CLI, SKU, charge type and bill start that a line claims.
-- Params: $line_id VARCHAR.
WITH shared AS (
    SELECT DISTINCT site_id, cli, sku, charge_type, bill_start_on
    FROM work.claim
    WHERE line_id = $line_id
)

SELECT state.line_id, state.site_id, state.cli, state.sku, state.charge_type, state.bill_start_on
FROM ops.charge_state AS state
SEMI JOIN shared USING (site_id, cli, sku, charge_type, bill_start_on)
WHERE state.status IN ('exported', 'in_billing');
