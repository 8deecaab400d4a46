-- Freeze every ready charge as a row of the product file. A charge that was billed before and stopped
-- goes as a further stretch of billing, with a key of its own. What makes a group goes as the row of
-- its lead with the quantity of all; what joins one, and the others of a new one, have no row.
-- Params: $seq BIGINT, $tenant VARCHAR.
INSERT INTO out.batch_product BY NAME
SELECT
    row.* EXCLUDE (leads),
    CASE WHEN row.leads THEN row.row_key END AS group_key
FROM (
    SELECT
        $seq AS seq,
        left(
            sha256(
                concat(
                    $tenant, '|product|', charge.line_id, '|', charge.charge_type, '|add',
                    CASE WHEN billed.period IS NOT NULL THEN concat('|', billed.period + 1) END
                )
            ),
            32
        ) AS row_key,
        charge.customer_ref,
        charge.site_ref,
        charge.cli,
        charge.sku,
        charge.charge_type,
        'ADD' AS action,
        product.name AS product_name,
        coalesce(made.quantity, charge.quantity) AS quantity,
        charge.unit_price,
        charge.frequency,
        charge.bill_start_on,
        charge.bill_end_on,
        charge.term_months,
        charge.order_ref,
        charge.po_ref,
        charge.line_id,
        charge.asset_id,
        charge.site_id,
        'charge' AS kind,
        coalesce(billed.period, 0) + 1 AS period,
        NULL AS nth,
        NULL AS fields,
        made.lead_line_id IS NOT NULL AS leads
    FROM out.charge AS charge
    INNER JOIN core.products AS product ON charge.product_id = product.product_id
    LEFT JOIN ops.billed AS billed
        ON charge.line_id = billed.line_id AND charge.charge_type = billed.charge_type
    LEFT JOIN (
        SELECT lead_line_id, charge_type, CAST(sum(quantity) AS BIGINT) AS quantity
        FROM out.due_member
        WHERE kind = 'charge' AND group_key IS NULL
        GROUP BY lead_line_id, charge_type
    ) AS made
        ON charge.line_id = made.lead_line_id AND charge.charge_type = made.charge_type
    ANTI JOIN out.follower AS follower
        ON charge.line_id = follower.line_id AND charge.charge_type = follower.charge_type
    WHERE charge.disposition = 'ready'
) AS row;
