"""The audit trail: what people did, chained, and the approvals that are given in it."""
