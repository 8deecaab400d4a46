"""What runs, in which order: nothing below reads profile, environment or clock."""
