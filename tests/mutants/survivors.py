"""Mistakes that no test notices, and why that is so: by `Mutation.name`."""

SURVIVORS: dict[str, str] = {}
