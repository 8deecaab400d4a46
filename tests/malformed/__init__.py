"""Malformed, and almost malformed, inputs: each with the answer that the contract gives."""
