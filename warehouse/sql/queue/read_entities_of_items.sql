-- The customers, sites, addresses, contacts, new products and changes of billed charges whose items are
-- open and have not left, and whether there is anything to tell of them. Nothing is known of a record
-- that is broken, nor of a charge whose line or asset is.
-- Params: none.
WITH broken AS (
    SELECT feed, record_key
    FROM ops.broken
    WHERE until_run IS NULL
),

unknown AS (
    SELECT concat(
        CASE feed
            WHEN 'customers' THEN 'customer:'
            WHEN 'sites' THEN 'site:'
            WHEN 'addresses' THEN 'address:'
            WHEN 'contacts' THEN 'contact:'
            WHEN 'products' THEN 'new_product:'
        END,
        record_key
    ) AS subject
    FROM broken
    WHERE feed IN ('customers', 'sites', 'addresses', 'contacts', 'products')
),

unknown_line AS (
    SELECT record_key AS line_id FROM broken WHERE feed = 'order_lines'
    UNION ALL
    SELECT line.line_id
    FROM core.order_lines AS line
    INNER JOIN broken ON line.asset_id = broken.record_key AND broken.feed = 'assets'
    UNION ALL
    SELECT billed.line_id
    FROM ops.billed AS billed
    INNER JOIN broken ON billed.asset_id = broken.record_key AND broken.feed = 'assets'
)

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
    (
        item.subject IN (FROM unknown)
        OR regexp_extract(item.subject, '^(change|end):(.*):', 2) IN (FROM unknown_line)
    ) AS is_rejected
FROM ops.retry_item AS item
WHERE
    item.state IN ('waiting', 'parked', 'released', 'dead')
    AND regexp_matches(item.subject, '^(customer|site|address|contact|new_product|change|end):')
ORDER BY item.subject;
