"""A stand-in for Affinity: loads batch folders, refuses what Affinity would, remembers the rest.

Knows the public contract only. `Affinity` is the whole of it and takes paths or bytes; the commands
are one face of it, the servers that `sandbox.affinity.serving` starts are others.
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
