"""A register of batches that all copies of a tenant share: each number is given out once."""
