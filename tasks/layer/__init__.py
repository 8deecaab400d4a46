"""Upstream: everything that knows how The Layer's records arrive, nothing that knows billing."""
