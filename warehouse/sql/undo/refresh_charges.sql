-- Charges that were undone are held, unless The Layer still says In Billing: the feed wins.
-- Params: $seq BIGINT.
UPDATE out.charge AS charge
SET
    as_judged = FALSE,
    disposition = CASE WHEN undone.feed_bills THEN 'in_billing' ELSE 'held' END,
    bill_status = CASE WHEN undone.feed_bills THEN 'In Billing' ELSE 'Not Billed' END,
    batch_seq = NULL,
    in_billing_on = NULL
FROM (
    SELECT
        state.line_id,
        state.charge_type,
        coalesce(
            CASE state.charge_type
                WHEN 'upfront' THEN line.upfront_bill_status
                ELSE line.recurring_bill_status
            END = 'In Billing',
            FALSE
        ) AS feed_bills
    FROM out.batch_cease AS cease
    INNER JOIN ops.charge_state AS state
        ON cease.undoes_key = state.row_key AND state.status = 'undone'
    LEFT JOIN core.order_lines AS line ON state.line_id = line.line_id
    WHERE cease.seq = $seq
) AS undone
WHERE charge.line_id = undone.line_id AND charge.charge_type = undone.charge_type;
