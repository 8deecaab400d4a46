"""A thousand days in one process: it neither grows nor leaks, and its books balance."""
