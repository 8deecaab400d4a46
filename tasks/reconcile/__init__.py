"""Both sides compared: what is to be billed, and what Affinity bills."""
