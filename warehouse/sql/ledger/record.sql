-- One commit of the ledger: the moves in the registered frame `moves`, or what it is replaced by, chained
-- to what came before.
-- Params: $commit_no BIGINT, $committed_at TIMESTAMP, $actor VARCHAR, $previous VARCHAR.
INSERT INTO ops.ledger
SELECT
    $commit_no AS commit_no,
    $committed_at AS "at",
    line_id,
    charge_type,
    from_status,
    to_status,
    batch_seq,
    $actor AS actor,
    reason,
    sha256(
        concat_ws(
            chr(31), $previous, $commit_no, strftime($committed_at, '%Y-%m-%dT%H:%M:%S.%f'),
            line_id, charge_type, from_status, to_status, batch_seq, $actor, reason
        )
    ) AS hash
FROM moves;
