-- Whether the ledger knows that a one-off row of Affinity was taken back: its end was told and taken. Null: not.
ALTER TABLE ops.affinity_fact ADD COLUMN is_taken_back BOOLEAN;
