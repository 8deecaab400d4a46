"""The program with one mistake built in: every one of them has to be noticed by a test."""
