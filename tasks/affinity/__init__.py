"""Downstream: how batches reach Affinity, and what comes back."""
