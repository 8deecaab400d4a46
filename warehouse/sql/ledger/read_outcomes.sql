-- Every row of a batch, and what became of it; outcome null = nothing yet. What the
-- ledger says of its charge or CLI is null once another batch has taken it up.
-- Params: $seq BIGINT.
SELECT
    written.row_key,
    written.file,
    written.kind,
    written.subject,
    written.line_id,
    written.charge_type,
    written.customer AS customer_ref,
    written.site_ref,
    written.cli,
    written.asset_id,
    outcome.outcome,
    outcome.code AS recorded_code,
    coalesce(charge.status, added.status) AS standing,
    one_by_one.members
FROM out.batch_row AS written
LEFT JOIN out.batch_outcome AS outcome
    ON outcome.seq = $seq AND written.row_key = outcome.row_key
LEFT JOIN (
    SELECT row_key, min(status) AS status
    FROM ops.charge_state
    WHERE batch_seq = $seq
    GROUP BY row_key
) AS charge ON written.row_key = charge.row_key
LEFT JOIN (
    SELECT
        row_key,
        list(
            struct_pack(line_id := line_id, charge_type := charge_type, kind := kind)
            ORDER BY line_id
        ) AS members
    FROM out.batch_member
    WHERE seq = $seq
    GROUP BY row_key
) AS one_by_one ON written.row_key = one_by_one.row_key
LEFT JOIN ops.cli_state AS added
    ON added.batch_seq = $seq AND written.row_key = added.row_key
WHERE written.seq = $seq;
