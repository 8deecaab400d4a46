"""The ledger's chain, recomputed in plain Python: nothing can be changed unseen."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.office import Office
from warehouse.ledger import GENESIS


def sha256(*parts: Any) -> str:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()


def broken_links(office: Office) -> list[str]:
    """What of the ledger does not fit its chain."""
    commits = office.query(
        "SELECT commit_no, committed_at, what, batch_seq, actor, rows, previous_hash, hash "
        "FROM ops.ledger_commit ORDER BY commit_no"
    )
    found, previous = [], GENESIS
    for place, (number, at, what, seq, actor, count, before, sealed) in enumerate(commits, start=1):
        rows = office.query(
            "SELECT line_id, charge_type, from_status, to_status, batch_seq, actor, reason, hash "
            f"FROM ops.ledger WHERE commit_no = {number} AND \"at\" = '{at}'"
        )
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%f")
        for *row, digest in rows:
            if digest != sha256(previous, number, stamp, *row):
                found.append(f"row {row} of commit {number}")
        inside = hashlib.sha256("".join(sorted(row[-1] for row in rows)).encode()).hexdigest()
        if sealed != sha256(before, number, what, seq, actor, len(rows), inside):
            found.append(f"seal of commit {number}")
        if (place, previous, len(rows)) != (number, before, count):
            found.append(f"place of commit {number}")
        previous = sealed
    return found


@pytest.fixture(scope="module")
def two_batches(
    tmp_path_factory: pytest.TempPathFactory, written: Callable[[Path, int], Office]
) -> Office:
    """Two batches: one by result, one abandoned."""
    office = written(tmp_path_factory.mktemp("chain"), 2)
    office.answer({("L1", "recurring"): "accepted", ("L2", "recurring"): "rejected:E1"})
    office.uploaded(by="Ann | é")
    office.line(2)["quantity"] = "3"
    office.run()
    office.abandon(2, reason="lost\nin the post")
    return office


@pytest.fixture
def office(tmp_path: Path, two_batches: Office) -> Office:
    """A copy that may be tampered with."""
    return two_batches.copied(tmp_path / "office")


def test_the_chain_is_whole(office: Office):
    assert [] == broken_links(office)
    assert ["claim", "transfer", "transfer", "claim", "abandon"] == [
        what for (what,) in office.query("SELECT what FROM ops.ledger_commit ORDER BY commit_no")
    ]


@pytest.mark.parametrize(
    "tampering",
    [
        pytest.param("UPDATE ops.ledger SET actor = 'Bob' WHERE line_id = 'L1'", id="an actor"),
        pytest.param("DELETE FROM ops.ledger WHERE line_id = 'L2'", id="rows that are gone"),
        pytest.param(
            "DELETE FROM ops.ledger_commit WHERE commit_no = 2", id="a commit that is gone"
        ),
        pytest.param(
            "INSERT INTO ops.ledger BY NAME SELECT * REPLACE ('L9' AS line_id) FROM ops.ledger",
            id="rows that were added",
        ),
        pytest.param("UPDATE ops.ledger_commit SET actor = 'Bob'", id="who committed"),
        pytest.param("UPDATE ops.ledger SET \"at\" = TIMESTAMP '2020-01-01'", id="when"),
    ],
)
def test_tampering_is_seen(office: Office, tampering: str):
    office.change(tampering)

    assert [] != broken_links(office)


def test_every_charge_of_a_batch_has_its_history(office: Office):
    history = office.query(
        "SELECT from_status, to_status, batch_seq, reason FROM ops.ledger "
        "WHERE line_id = 'L2' AND charge_type = 'recurring' ORDER BY commit_no"
    )

    assert [
        ("Ready to Bill", "Ready to Bill", 1, "exported"),
        ("Ready to Bill", "Ready to Bill", 1, "rejected: E1"),
        ("Ready to Bill", "Ready to Bill", 2, "exported"),
        ("Ready to Bill", "Ready to Bill", 2, "abandoned: lost\nin the post"),
    ] == history
