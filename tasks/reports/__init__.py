"""What people read: summaries, explanations, artifacts."""
