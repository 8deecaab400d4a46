-- mart.audit: every act of a person, refused ones too, as the audit trail has it.
CREATE OR REPLACE VIEW mart.audit AS
SELECT
    number,
    "at",
    who,
    "role",
    act,
    subject,
    outcome,
    reason,
    batch_seq,
    digest,
    approval,
    approves,
    expires_at,
    is_keyed,
    previous_hash,
    hash
FROM ops.audit;
