"""A stand-in for Affinity: loads batch folders, refuses what Affinity would, remembers the rest.

Knows the public contract only. `Affinity` is the whole of it; the commands are one face of it, and
another transport would be another.
"""

from sandbox.affinity.answers import BatchAnswer, FileAnswer, RowAnswer, write_results
from sandbox.affinity.audit import Audit
from sandbox.affinity.billing import Affinity
from sandbox.affinity.policy import FailureScope, Policy
from sandbox.affinity.state import StandInError

__all__ = [
    "Affinity",
    "Audit",
    "BatchAnswer",
    "FailureScope",
    "FileAnswer",
    "Policy",
    "RowAnswer",
    "StandInError",
    "write_results",
]
