-- Charges that do not stand where a fold of the ledger puts them: the last move that says where a charge
-- stands, against `ops.charge_state`. A stop or undo comes last in its commit.
-- Params: none.
WITH said AS (
    SELECT
        commit_no,
        line_id,
        charge_type,
        CASE
            WHEN to_status = 'Not Billed' AND starts_with(reason, 'undone by ') THEN 'undone'
            WHEN to_status = 'Not Billed' THEN 'stopped'
            WHEN from_status <> 'Ready to Bill' THEN NULL
            WHEN to_status = 'In Billing' THEN 'in_billing'
            WHEN reason = 'exported' THEN 'exported'
            WHEN starts_with(reason, 'abandoned: ') THEN 'abandoned'
            WHEN starts_with(reason, 'returned: ') THEN 'returned'
            WHEN starts_with(reason, 'rejected: ') THEN 'rejected'
        END AS status
    FROM ops.ledger
),

folded AS (
    SELECT
        line_id,
        charge_type,
        arg_max(status, commit_no * 2 + (status IN ('undone', 'stopped'))::INTEGER) AS status
    FROM said
    WHERE status IS NOT NULL
    GROUP BY line_id, charge_type
)

SELECT
    coalesce(folded.line_id, state.line_id) AS line_id,
    coalesce(folded.charge_type, state.charge_type) AS charge_type,
    folded.status AS by_ledger,
    state.status AS by_state
FROM folded
FULL JOIN ops.charge_state AS state
    ON folded.line_id = state.line_id AND folded.charge_type = state.charge_type
WHERE folded.status IS DISTINCT FROM state.status
ORDER BY line_id, charge_type;
