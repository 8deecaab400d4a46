"""What the data looks like and what things are called. Imports nothing else of ours."""
