"""What is late or stuck, and whom that should tell."""
