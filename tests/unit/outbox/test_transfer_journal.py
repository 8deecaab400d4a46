"""What a decision stands on is believed only as it was kept."""

from datetime import datetime
from pathlib import Path

import pytest

from schemas.errors import DeliveryIncomplete
from tasks.outbox.transfer_journal import add_decision, evidence_of, read_journal


def test_evidence_that_was_altered_is_not_believed(tmp_path: Path):
    add_decision(
        tmp_path,
        kind="results",
        actor="Ann",
        moment=datetime(2026, 4, 1, 9, 0),
        manifest_sha256="0" * 64,
        results=b"row_key,outcome\na,rejected\n",
    )
    (decision,) = read_journal(tmp_path)
    kept = evidence_of(tmp_path, decision)
    (tmp_path / decision["results"]).write_bytes(kept.replace(b"rejected", b"accepted"))

    with pytest.raises(DeliveryIncomplete, match=r"results_1\.csv is missing or altered"):
        evidence_of(tmp_path, decision)
