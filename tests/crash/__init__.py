"""The program killed wherever it can be: nothing lost, nothing twice, at most two restarts."""
