"""Whether outbox, warehouse and published copy say the same, and which of them does not."""
