-- The claims that share site, CLI, SKU, charge type and bill start with one of a line's, its own among
-- them, as they stood when it was asked who is sold twice: what is held for nothing else was ready.
-- Params: $line_id VARCHAR.
WITH shared AS (
    SELECT DISTINCT site_id, cli, sku, charge_type, bill_start_on
    FROM work.claim
    WHERE line_id = $line_id
)

SELECT
    claim.* REPLACE (
        CASE
            WHEN
                claim.disposition = 'held'
                AND NOT EXISTS (
                    FROM out.hold AS hold
                    WHERE
                        hold.line_id = claim.line_id
                        AND hold.charge_type = claim.charge_type
                        AND hold.reason <> 'suspected_duplicate'
                )
                THEN 'ready'
            ELSE claim.disposition
        END AS disposition
    )
FROM work.claim AS claim
SEMI JOIN shared USING (site_id, cli, sku, charge_type, bill_start_on);
