"""The book of runs: opened before anything else, closed whatever happens."""
