-- The claims that share site, CLI, SKU, charge type and bill start with another line's charge.
WITH everyone AS (
    SELECT line_id, site_id, cli, sku, charge_type, bill_start_on
    FROM work.claim
    UNION
    SELECT line_id, site_id, cli, sku, charge_type, bill_start_on
    FROM ops.charge_state
    WHERE status IN ('exported', 'in_billing') AND cli IS NOT NULL
),
shared AS (
    SELECT site_id, cli, sku, charge_type, bill_start_on
    FROM everyone
    GROUP BY ALL
    HAVING count(*) > 1
)
SELECT claim.*
FROM work.claim AS claim
INNER JOIN shared USING (site_id, cli, sku, charge_type, bill_start_on);
