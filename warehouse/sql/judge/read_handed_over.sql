-- What was handed over and could be sold a second time.
SELECT line_id, site_id, cli, sku, charge_type, bill_start_on
FROM ops.charge_state
WHERE status IN ('exported', 'in_billing') AND cli IS NOT NULL;
