-- The charges that Do Not Bill keeps from Affinity: who marked them, why, and since when a billed one is
-- stopped.
-- Params: none.
INSERT INTO out.do_not_bill
SELECT
    charge.line_id,
    charge.charge_type,
    line.do_not_bill_reason AS reason,
    CASE
        WHEN
            coalesce(
                CASE charge.charge_type
                    WHEN 'upfront' THEN line.upfront_do_not_bill
                    ELSE line.recurring_do_not_bill
                END,
                FALSE
            )
            THEN 'line'
        ELSE 'asset'
    END AS marked,
    billed.bill_end_on AS stopped_on
FROM out.charge AS charge
INNER JOIN core.order_lines AS line ON charge.line_id = line.line_id
LEFT JOIN ops.billed AS billed
    ON
        charge.line_id = billed.line_id
        AND charge.charge_type = billed.charge_type
        AND billed.ended_by = 'stop'
WHERE charge.disposition = 'do_not_bill';
