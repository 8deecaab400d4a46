"""What differs from what Affinity was last told: entities, billed charges, CLIs."""
