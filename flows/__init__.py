"""What runs, in which order: the only layer that reads the profile, the environment and the clock."""
