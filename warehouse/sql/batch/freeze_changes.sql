-- Freeze every due change of a billed charge, or of a group, as a row of the product file. An update's
-- number goes on from what was taken of its line before, for a line may stand for its group as well.
-- Params: $seq BIGINT, $tenant VARCHAR.
INSERT INTO out.batch_product BY NAME
SELECT
    row.* EXCLUDE (leads, told_group),
    CASE WHEN row.leads THEN row.row_key ELSE row.told_group END AS group_key
FROM (
    SELECT
        $seq AS seq,
        left(
            sha256(
                concat(
                    $tenant, '|product|', due.line_id, '|', due.charge_type, '|',
                    CASE due.action
                        WHEN 'ADD' THEN concat('add|', due.period)
                        ELSE concat('update|', due.nth)
                    END
                )
            ),
            32
        ) AS row_key,
        due.* EXCLUDE (cli_type, group_key),
        due.group_key AS told_group,
        'change' AS kind
    FROM (
        SELECT
            product.* EXCLUDE (nth),
            made.lead_line_id IS NOT NULL AS leads,
            CASE
                WHEN product.action = 'UPDATE'
                    THEN
                        coalesce(told.nth, 0) + row_number() OVER (
                            PARTITION BY product.line_id, product.charge_type, product.action
                            ORDER BY product.group_key NULLS FIRST
                        )
            END AS nth
        FROM out.due_product AS product
        LEFT JOIN (
            SELECT before.line_id, before.charge_type, max(before.nth) AS nth
            FROM out.batch_product AS before
            INNER JOIN out.batch_outcome AS outcome
                ON before.seq = outcome.seq AND before.row_key = outcome.row_key
            WHERE before.action = 'UPDATE' AND outcome.outcome = 'accepted'
            GROUP BY before.line_id, before.charge_type
        ) AS told
            ON product.line_id = told.line_id AND product.charge_type = told.charge_type
        LEFT JOIN (
            SELECT DISTINCT lead_line_id, charge_type
            FROM out.due_member
            WHERE kind = 'change' AND group_key IS NULL
        ) AS made
            ON
                product.line_id = made.lead_line_id
                AND product.charge_type = made.charge_type
                AND product.action = 'ADD'
    ) AS due
) AS row;
