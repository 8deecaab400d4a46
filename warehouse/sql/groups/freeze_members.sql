-- Freeze what the batch's rows about groups say of each charge in them.
-- Params: $seq BIGINT.
INSERT INTO out.batch_member BY NAME
SELECT
    $seq AS seq,
    row.row_key,
    row.group_key,
    member.* EXCLUDE (group_key)
FROM out.due_member AS member
INNER JOIN (
    SELECT row_key, group_key, line_id AS lead_line_id, charge_type, action
    FROM out.batch_product
    WHERE seq = $seq AND group_key IS NOT NULL
    UNION ALL
    SELECT row_key, group_key, line_id AS lead_line_id, charge_type, 'CEASE' AS action
    FROM out.batch_cease
    WHERE seq = $seq AND group_key IS NOT NULL
) AS row
    ON
        member.charge_type = row.charge_type
        AND CASE
            WHEN member.group_key IS NULL
                THEN row.action = 'ADD' AND member.lead_line_id = row.lead_line_id
            ELSE row.action <> 'ADD' AND member.group_key = row.group_key
        END;
