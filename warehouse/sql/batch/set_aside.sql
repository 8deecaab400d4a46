-- Set all ready charges but the first $rows, in the order of the product file, aside.
-- Params: $rows BIGINT.
UPDATE out.charge AS charge
SET disposition = 'set_aside'
WHERE
    charge.disposition = 'ready'
    AND NOT EXISTS (
        SELECT 1
        FROM (
            SELECT line_id, charge_type
            FROM out.charge
            WHERE disposition = 'ready'
            ORDER BY
                customer_ref NULLS FIRST,
                site_ref NULLS FIRST,
                cli NULLS FIRST,
                sku NULLS FIRST,
                charge_type NULLS FIRST,
                line_id NULLS FIRST
            LIMIT $rows
        ) AS canary
        WHERE canary.line_id = charge.line_id AND canary.charge_type = charge.charge_type
    );
