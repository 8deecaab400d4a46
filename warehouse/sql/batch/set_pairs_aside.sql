-- Set ready charges aside whose predecessor cannot end in the same batch: it has a row without an
-- answer.
UPDATE out.charge AS charge
SET as_judged = FALSE, disposition = 'set_aside'
WHERE
    charge.disposition = 'ready'
    AND (
        EXISTS (
            SELECT 1
            FROM out.pair_wait AS wait
            WHERE charge.line_id = wait.line_id AND charge.charge_type = wait.charge_type
        )
        OR (
            charge.charge_type = 'recurring'
            AND EXISTS (
                SELECT 1
                FROM work.replacement AS replacement
                INNER JOIN ops.charge_state AS state ON replacement.asset_id = state.asset_id
                WHERE
                    replacement.line_id = charge.line_id
                    AND state.charge_type = 'recurring'
                    AND state.status = 'exported'
            )
        )
    );
