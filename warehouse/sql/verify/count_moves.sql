-- The kinds of moves the ledger holds: by what was committed, from where to where, and where the charge
-- stood by the commit before; how many, and the first commit and line of each.
-- Params: none.
WITH stood AS (
    SELECT
        commit_no,
        line_id,
        charge_type,
        from_status,
        to_status,
        last_value(to_status) OVER (
            PARTITION BY line_id, charge_type
            ORDER BY commit_no, to_status = 'Not Billed', from_status
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS stood_at
    FROM ops.ledger
)
SELECT
    sealed.what,
    stood.from_status,
    stood.to_status,
    stood.stood_at,
    count(*) AS moves,
    min(stood.commit_no) AS commit_no,
    arg_min(stood.line_id, stood.commit_no) AS line_id
FROM stood
LEFT JOIN ops.ledger_commit AS sealed ON stood.commit_no = sealed.commit_no
GROUP BY ALL
ORDER BY ALL;
