-- The customers, sites, addresses, contacts, new products and changes of billed charges whose items are
-- open and have not left, and whether there is anything to tell of them. Nothing is known of a record
-- that was rejected.
-- Params: $run_id VARCHAR.
SELECT
    item.subject,
    EXISTS (
        SELECT 1
        FROM out.change AS due
        WHERE
            concat(due.subject, ':', due.layer_id) = item.subject
            OR (
                due.subject = 'charge'
                AND concat(due.layer_id, ':', due.charge_type)
                = regexp_replace(item.subject, '^(change|end):', '')
            )
    )
    -- the end of what went on as a new row is due until it is taken
    OR EXISTS (
        SELECT 1
        FROM out.batch_cease AS cut
        INNER JOIN out.batch_outcome AS outcome
            ON cut.seq = outcome.seq AND cut.row_key = outcome.row_key
        WHERE
            cut.kind = 'change'
            AND outcome.outcome = 'rejected'
            AND cut.seq = item.batch_seq
            AND concat('end:', cut.line_id, ':', cut.charge_type) = item.subject
    ) AS is_due,
    EXISTS (
        SELECT 1
        FROM ops.reject AS reject
        WHERE
            reject.run_id = $run_id
            AND concat(
                CASE reject.feed
                    WHEN 'customers' THEN 'customer:'
                    WHEN 'sites' THEN 'site:'
                    WHEN 'addresses' THEN 'address:'
                    WHEN 'contacts' THEN 'contact:'
                    WHEN 'products' THEN 'new_product:'
                END,
                reject.record_key
            ) = item.subject
            OR (
                reject.run_id = $run_id
                AND reject.feed = 'order_lines'
                AND reject.record_key = regexp_extract(item.subject, '^(change|end):(.*):', 2)
            )
    ) AS is_rejected
FROM ops.retry_item AS item
WHERE
    item.state IN ('waiting', 'parked', 'released', 'dead')
    AND regexp_matches(item.subject, '^(customer|site|address|contact|new_product|change|end):')
ORDER BY item.subject;
