-- The audit trail as far as the warehouse has followed it: one row per entry of the file beside the outbox.
CREATE TABLE ops.audit (
    number BIGINT,
    "at" TIMESTAMP,
    who VARCHAR,
    "role" VARCHAR,
    act VARCHAR,
    subject VARCHAR,
    outcome VARCHAR,
    reason VARCHAR,
    batch_seq BIGINT,
    digest VARCHAR,
    approval BIGINT,
    approves VARCHAR,
    expires_at TIMESTAMP,
    is_keyed BOOLEAN,
    previous_hash VARCHAR,
    hash VARCHAR
);
