-- mart.ledger: every transition ever, in the order it happened.
CREATE OR REPLACE VIEW mart.ledger AS
SELECT
    ledger."at",
    ledger.line_id,
    ledger.charge_type,
    ledger.from_status,
    ledger.to_status,
    ledger.batch_seq,
    ledger.actor,
    ledger.reason,
    ledger.hash,
    ledger.commit_no
FROM ops.ledger AS ledger;
