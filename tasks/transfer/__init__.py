"""The legal moves of charges and batches: only evidence makes a charge In Billing."""
