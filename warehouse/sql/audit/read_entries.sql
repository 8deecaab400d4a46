-- The audit trail as far as it was followed, oldest first, in the order of AUDIT.
-- Params: none.
SELECT
    number, "at", who, role, act, subject, outcome, reason, batch_seq, digest, approval, approves,
    expires_at, is_keyed, previous_hash, hash
FROM ops.audit
ORDER BY number;
