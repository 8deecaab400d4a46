-- Seal a commit: its hash covers its predecessor and every row, whatever order they are stored in.
-- Params: $commit_no BIGINT, $committed_at TIMESTAMP, $what VARCHAR, $seq BIGINT, $actor VARCHAR,
-- $previous VARCHAR, $rows BIGINT, $digest VARCHAR.
INSERT INTO ops.ledger_commit
SELECT
    $commit_no AS commit_no,
    $committed_at AS committed_at,
    $what AS what,
    $seq AS batch_seq,
    $actor AS actor,
    $rows AS rows,
    $previous AS previous_hash,
    sha256(
        concat_ws(
            chr(31), $previous, $commit_no, $what, $seq, $actor, $rows, $digest
        )
    ) AS hash;
