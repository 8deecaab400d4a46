-- Set aside all ready charges but those of the first $rows rows of the product file, and those that
-- join a group that is there. A new group is one row, in its lead's place.
-- Params: $rows BIGINT.
UPDATE out.charge AS charge
SET as_judged = FALSE, disposition = 'set_aside'
WHERE
    charge.disposition = 'ready'
    AND NOT EXISTS (
        SELECT 1
        FROM (
            SELECT ready.line_id, ready.charge_type
            FROM out.charge AS ready
            ANTI JOIN out.follower AS follower
                ON ready.line_id = follower.line_id AND ready.charge_type = follower.charge_type
            WHERE ready.disposition = 'ready'
            ORDER BY
                ready.customer_ref NULLS FIRST,
                ready.site_ref NULLS FIRST,
                ready.cli NULLS FIRST,
                ready.sku NULLS FIRST,
                ready.charge_type NULLS FIRST,
                ready.line_id NULLS FIRST
            LIMIT $rows
        ) AS canary
        LEFT JOIN out.due_member AS member
            ON
                canary.line_id = member.lead_line_id
                AND canary.charge_type = member.charge_type
                AND member.kind = 'charge'
                AND member.group_key IS NULL
        WHERE
            coalesce(member.line_id, canary.line_id) = charge.line_id
            AND canary.charge_type = charge.charge_type
    );
