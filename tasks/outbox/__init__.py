"""Files that survive a crash: the one place that writes into the outbox."""
