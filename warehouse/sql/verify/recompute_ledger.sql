-- Every commit of the ledger beside what its hash comes to now: its rows as they are found, how many of
-- them are not as they were recorded, and its seal made anew. Rows of no commit have a null seal.
-- Params: none. digests is a registered frame: each commit's rows, digested.
WITH found AS (
    SELECT
        ledger.commit_no,
        count(*) AS found_rows,
        count(*) FILTER (
            ledger.hash IS DISTINCT FROM sha256(
                concat_ws(
                    chr(31), sealed.previous_hash, ledger.commit_no,
                    strftime(ledger."at", '%Y-%m-%dT%H:%M:%S.%f'), ledger.line_id,
                    ledger.charge_type, ledger.from_status, ledger.to_status, ledger.batch_seq,
                    ledger.actor, ledger.reason
                )
            )
            OR ledger."at" IS DISTINCT FROM sealed.committed_at
        ) AS altered_rows
    FROM ops.ledger AS ledger
    LEFT JOIN (
        -- a commit that is there twice must not double its rows
        SELECT
            commit_no, min(previous_hash) AS previous_hash, min(committed_at) AS committed_at
        FROM ops.ledger_commit
        GROUP BY commit_no
    ) AS sealed ON ledger.commit_no = sealed.commit_no
    GROUP BY ledger.commit_no
)
SELECT
    coalesce(sealed.commit_no, found.commit_no) AS commit_no,
    sealed.what,
    sealed.batch_seq,
    sealed.previous_hash,
    sealed.hash,
    sealed.rows AS sealed_rows,
    coalesce(found.found_rows, 0) AS found_rows,
    coalesce(found.altered_rows, 0) AS altered_rows,
    sha256(
        concat_ws(
            chr(31), sealed.previous_hash, sealed.commit_no, sealed.what, sealed.batch_seq,
            sealed.actor, sealed.rows, coalesce(digests.sha256, sha256(''))
        )
    ) AS resealed
FROM ops.ledger_commit AS sealed
FULL JOIN found ON sealed.commit_no = found.commit_no
LEFT JOIN digests ON sealed.commit_no = digests.commit_no
ORDER BY commit_no, sealed.hash;
