-- Every batch as the books have it: its state, its place in the chain of manifests, its rows and their
-- outcomes, and the commits of the ledger about it.
-- Params: none.
SELECT
    batch.seq,
    batch.state,
    batch.manifest_sha256,
    batch.row_count,
    coalesce(written.rows, 0) AS frozen_rows,
    coalesce(written.answered, 0) AS answered_rows,
    coalesce(committed.claims, 0) AS claims,
    coalesce(committed.transfers, 0) AS transfers,
    coalesce(committed.abandons, 0) AS abandons,
    coalesce(committed.first_claim < committed.first_decision, TRUE) AS is_in_order
FROM out.batch AS batch
LEFT JOIN (
    SELECT
        frozen.seq,
        count(*) AS rows,
        count(outcome.outcome) AS answered
    FROM out.batch_row AS frozen
    LEFT JOIN out.batch_outcome AS outcome
        ON frozen.seq = outcome.seq AND frozen.row_key = outcome.row_key
    GROUP BY frozen.seq
) AS written ON batch.seq = written.seq
LEFT JOIN (
    SELECT
        batch_seq,
        count(*) FILTER (what = 'claim') AS claims,
        count(*) FILTER (what = 'transfer') AS transfers,
        count(*) FILTER (what = 'abandon') AS abandons,
        min(commit_no) FILTER (what = 'claim') AS first_claim,
        min(commit_no) FILTER (what <> 'claim') AS first_decision
    FROM ops.ledger_commit
    GROUP BY batch_seq
) AS committed ON batch.seq = committed.batch_seq
ORDER BY batch.seq;
