"""`r2b verify`: the books are whole, or every check that is not says what is wrong and where."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.console.verify_view import exit_code, verification_json
from flows.verify import verify
from schemas.errors import WarehouseBusy
from tests.integration.office import Office, tree
from warehouse.lock import only_run

CHECKS = [
    *("warehouse", "manifest chain", "files", "decisions", "audit trail", "ledger chain", "moves"),
    *("batches", "charges and CLIs", "marts"),
]
OUTBOX = CHECKS[1:5]


@pytest.fixture(scope="module")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, written: Callable[[Path, int], Office]
) -> Office:
    """Batch 1 confirmed in part, 2 abandoned, 3 confirmed, 4 the undo of 3."""
    office = written(tmp_path_factory.mktemp("verify"), 2)
    office.answer({("L1", "recurring"): "accepted", ("L2", "recurring"): "rejected:E1"})
    office.uploaded()
    office.add_line(3)
    office.run()
    office.abandon(2)
    office.run()
    office.uploaded(3)
    office.undo(3)
    office.uploaded(4)
    return office


@pytest.fixture
def office(tmp_path: Path, prepared: Office) -> Office:
    """A copy that may be tampered with."""
    return prepared.copied(tmp_path / "office")


def wrong(office: Office) -> dict[str, list[str]]:
    """What each check finds wrong; those that find nothing are left out."""
    return {each.name: list(each.wrong) for each in verify(office.profile) if each.wrong}


def test_books_that_are_whole_are_said_to_be(office: Office):
    before = tree(office.folder)
    checks = verify(office.profile)

    assert [(name, ()) for name in CHECKS] == [(each.name, each.wrong) for each in checks]
    assert all(each.is_ok and each.count for each in checks)
    assert 0 == exit_code(checks)
    assert before == tree(office.folder)


def test_a_text_of_any_length_is_whole(tmp_path: Path):
    office = Office(tmp_path / "office")
    office.record("products")["name"] = "Broadband, " * 20_000
    office.run()
    longest = max(len(each.read_bytes()) for each in office.batch().glob("*.csv"))

    assert longest > 200_000
    assert {} == wrong(office)


def test_where_nothing_has_run_nothing_is_wrong(tmp_path: Path):
    office = Office(tmp_path)

    assert {} == wrong(office)
    assert not office.profile.warehouse.parent.exists()


def test_while_a_run_is_at_work_it_says_so(office: Office):
    with only_run(office.profile.warehouse), pytest.raises(WarehouseBusy):
        verify(office.profile)


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def add_a_row(path: Path) -> None:
    edit(path, lambda content: content + content.splitlines(keepends=True)[-1])


OUTBOX_TAMPERINGS = {
    "a manifest that was edited": (
        lambda o: edit(o.batch(2) / "manifest.json", lambda c: c.replace(b"default", b"another")),
        {
            "manifest chain": ["batch 2: manifest.json is not the one the warehouse noted"],
            "decisions": ["batch 2: decision 1 of transfer.json is about other files"],
        },
    ),
    "a manifest that is gone": (
        lambda o: (o.batch(3) / "manifest.json").unlink(),
        {
            "manifest chain": ["batch 3: manifest.json is missing"],
            "decisions": ["batch 3: decision 1 of transfer.json is about other files"],
        },
    ),
    "a folder that is gone": (
        lambda o: shutil.rmtree(o.batch(2)),
        {"manifest chain": ["batch 2: there is no folder of it"]},
    ),
    "a folder that is too many": (
        lambda o: shutil.copytree(o.batch(4), o.batch(5)),
        {
            "manifest chain": [
                "batch 5: the warehouse does not know it",
                "batch 5: manifest.json is another batch's",
                "batch 5: it names another manifest before it than that of 4",
            ],
            "decisions": ["batch 5: its decisions are of a batch the warehouse does not know"],
        },
    ),
    "a file with another byte": (
        lambda o: edit(o.batch() / "08_products.csv", lambda c: c.replace(b"SO-1", b"SO-2")),
        {"files": ["batch 1: 08_products.csv was altered: its digest is another"]},
    ),
    "a file with another row": (
        lambda o: (o.batch() / "06_clis.csv").write_bytes(b"CLI\r\n"),
        {"files": ["batch 1: 06_clis.csv has 5 bytes, not 285"]},
    ),
    "a file that is gone": (
        lambda o: (o.batch() / "06_clis.csv").unlink(),
        {"files": ["batch 1: 06_clis.csv is missing"]},
    ),
    "files that are not ours": (
        lambda o: [
            (o.batch() / "06_clis_corrected.csv").write_bytes(b"x"),
            (o.profile.outbox / "notes.txt").write_bytes(b"x"),
        ],
        {"files": ["notes.txt: it is no batch", "batch 1: 06_clis_corrected.csv is not ours"]},
    ),
    "a result that was edited": (
        lambda o: add_a_row(o.batch() / "results_1.csv"),
        {"files": ["batch 1: results_1.csv is not the result that was read"]},
    ),
    "a result that is gone": (
        lambda o: (o.batch() / "results_1.csv").unlink(),
        {"files": ["batch 1: results_1.csv is missing, and a decision stands on it"]},
    ),
    "a delivery journal that is damaged": (
        lambda o: (o.batch() / "delivery.json").write_bytes(b"{"),
        {"files": ["batch 1: delivery.json is damaged"]},
    ),
    "a delivery journal that is nested without end": (
        lambda o: (o.batch() / "delivery.json").write_bytes(b"[" * 200_000),
        {"files": ["batch 1: delivery.json is damaged"]},
    ),
    "a journal that is nested without end": (
        lambda o: (o.batch(3) / "transfer.json").write_bytes(b"[" * 200_000),
        {"decisions": ["batch 3: transfer.json is damaged"]},
    ),
    "a record of what was removed that is none": (
        lambda o: (o.batch() / "retention.json").write_bytes(b'{"removed": [7]}'),
        {"files": ["batch 1: retention.json is damaged"]},
    ),
    "a journal that is damaged": (
        lambda o: (o.batch(3) / "transfer.json").write_bytes(b"{"),
        {"decisions": ["batch 3: transfer.json is damaged"]},
    ),
    "a journal that is gone": (
        lambda o: (o.batch() / "transfer.json").unlink(),
        {
            "files": ["batch 1: results_1.csv is not ours"],
            "decisions": ["batch 1: the ledger holds 2 decision(s), transfer.json 0"],
        },
    ),
    "a journal that says otherwise": (
        lambda o: edit(o.batch(3) / "transfer.json", lambda c: c.replace(b"Ann", b"Bob")),
        {"decisions": ["batch 3: decision 1 of transfer.json is not the one the ledger holds"]},
    ),
}


@pytest.mark.parametrize("what", OUTBOX_TAMPERINGS)
def test_what_is_wrong_in_the_outbox_is_named(office: Office, what: str):
    tamper, expected = OUTBOX_TAMPERINGS[what]
    tamper(office)
    checks = verify(office.profile)

    assert expected == wrong(office)
    assert 50 == exit_code(checks)


def test_a_trail_that_no_disk_gives_back_is_one_check_of_many(office: Office):
    trail = office.profile.audit_trail
    trail.unlink()
    trail.symlink_to("/proc/self/mem")  # a file whose first byte nobody can read

    assert {"audit trail": [f"Reading the audit trail {trail.name}: Input/output error."]} == (
        wrong(office)
    )
    assert CHECKS == [each.name for each in verify(office.profile)]


LEDGER_TAMPERINGS = {
    "an actor of a row": (
        "UPDATE ops.ledger SET actor = 'Bob' WHERE commit_no = 2 AND line_id = 'L1'",
        ["ledger chain"],
        "commit 2 (transfer of batch 1): 1 rows are not as they were recorded",
    ),
    "when a row was recorded": (
        "UPDATE ops.ledger SET \"at\" = TIMESTAMP '2020-01-01' WHERE commit_no = 1",
        ["ledger chain"],
        "commit 1 (claim of batch 1): 4 rows are not as they were recorded",
    ),
    "who committed": (
        "UPDATE ops.ledger_commit SET actor = 'Bob' WHERE commit_no = 3",
        ["decisions", "ledger chain"],
        "commit 3 (transfer of batch 1): it is not as it was sealed",
    ),
    "rows that are gone": (
        "DELETE FROM ops.ledger WHERE commit_no = 2",
        ["ledger chain", "charges and CLIs", "marts"],
        "commit 2 (transfer of batch 1): it has 0 rows, 2 were sealed",
    ),
    "rows that were added": (
        (
            "INSERT INTO ops.ledger BY NAME SELECT * REPLACE ('L9' AS line_id) FROM ops.ledger "
            "WHERE commit_no = 1 AND line_id = 'L1'"
        ),
        ["ledger chain", "charges and CLIs", "marts"],
        "commit 1 (claim of batch 1): it has 6 rows, 4 were sealed",
    ),
    "a commit that is gone": (
        "DELETE FROM ops.ledger_commit WHERE commit_no = 2",
        ["decisions", "ledger chain", "moves", "marts"],
        "commit 2: 2 rows of no commit",
    ),
    "the last commit, which the chain cannot miss": (
        (
            "DELETE FROM ops.ledger_commit WHERE commit_no = 9; DELETE FROM ops.ledger "
            "WHERE commit_no = 9"
        ),
        ["decisions", "batches", "charges and CLIs", "marts"],
        "batch 4: it is confirmed, but the ledger holds no transfer of it",
    ),
    "a commit that is there twice": (
        "INSERT INTO ops.ledger_commit FROM ops.ledger_commit WHERE commit_no = 1",
        ["ledger chain", "batches", "marts"],
        "commit 1: it is there twice",
    ),
    "a move the rules do not know": (
        "UPDATE ops.ledger SET to_status = 'Not Billed' WHERE commit_no = 1 AND line_id = 'L1'",
        ["ledger chain", "moves", "marts"],
        "2 move(s), first of line L1 in commit 1: no claim moves from Ready to Bill to Not Billed",
    ),
    "a charge that stands elsewhere": (
        (
            "UPDATE ops.charge_state SET status = 'abandoned' WHERE line_id = 'L1' "
            "AND charge_type = 'recurring'"
        ),
        ["charges and CLIs"],
        "1 charge(s), first L1 recurring: in_billing by the ledger, abandoned by ops.charge_state",
    ),
    "a charge that stands nowhere": (
        "DELETE FROM ops.charge_state WHERE line_id = 'L1' AND charge_type = 'recurring'",
        ["charges and CLIs"],
        "1 charge(s), first L1 recurring: in_billing by the ledger, nowhere by ops.charge_state",
    ),
    "an outcome that is gone": (
        "DELETE FROM out.batch_outcome WHERE seq = 2",
        ["charges and CLIs"],
        "1 cli(s), first of batch 2: abandoned, but the row is without an answer",
    ),
    "a CLI that stands elsewhere": (
        "UPDATE ops.cli_state SET status = 'live' WHERE status = 'abandoned'",
        ["charges and CLIs"],
        "1 cli(s), first of batch 2: live, but the row is abandoned",
    ),
    "a fact that was sent twice": (
        "UPDATE out.batch_outcome SET outcome = 'accepted' WHERE seq = 2",
        ["charges and CLIs"],
        ": in batches 2, 3",
    ),
    "a batch that was never decided about": (
        "UPDATE out.batch SET state = 'claimed' WHERE seq = 3",
        ["batches", "marts"],
        "batch 3: it is claimed, but was decided about",
    ),
    "a batch that is gone": (
        "DELETE FROM out.batch WHERE seq = 2",
        ["manifest chain", "decisions", "batches", "marts"],
        "batch 2: the warehouse does not have it",
    ),
    "frozen rows that are gone": (
        "DELETE FROM out.batch_cli WHERE seq = 1",
        ["files", "batches", "charges and CLIs"],
        "batch 1: the manifest says 2 rows of clis, the warehouse froze 0",
    ),
    "a charge people see for another price": (
        "UPDATE out.charge SET value = value + 1 WHERE line_id = 'L1'",
        ["marts"],
        "charges (in_billing): 3 (53.0000) in the warehouse, 3 (51.0000) in the copy",
    ),
}


@pytest.mark.parametrize("what", LEDGER_TAMPERINGS)
def test_what_is_wrong_in_the_warehouse_is_named(office: Office, what: str):
    tampering, names, words = LEDGER_TAMPERINGS[what]
    office.change(tampering)
    found = wrong(office)

    assert set(names) == set(found), found
    assert any(words in each for said in found.values() for each in said), found
    assert exit_code(verify(office.profile)) in {50, 60, 61}


def test_a_decision_that_was_cut_off_is_not_called_lost(office: Office):
    office.run()
    path = office.batch(1) / "transfer.json"
    said = json.loads(path.read_bytes())
    said["decisions"].append(said["decisions"][-1])
    path.write_text(json.dumps(said), encoding="utf-8")

    assert {"decisions"} == set(wrong(office))
    assert wrong(office)["decisions"][0].endswith("any run finishes it")


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        pytest.param(lambda path: path.unlink(), "there is none", id="gone"),
        pytest.param(lambda path: path.write_bytes(b"SQLite"), "damaged", id="another file"),
        pytest.param(
            lambda path: edit(path, lambda content: content[: len(content) // 2]),
            "damaged",
            id="cut",
        ),
    ],
)
def test_without_a_warehouse_the_outbox_is_verified_by_itself(
    office: Office, tamper: Callable[[Path], None], words: str
):
    tamper(office.profile.warehouse)
    (office.batch(3) / "06_clis.csv").unlink()
    edit(office.batch(1) / "manifest.json", lambda content: content + b"\n")
    checks = {each.name: each for each in verify(office.profile)}

    assert words in checks["warehouse"].wrong[0]
    assert 41 == exit_code(list(checks.values()))
    assert ["batch 2: it names another manifest before it than that of 1"] == list(
        checks["manifest chain"].wrong
    )
    assert ["batch 3: 06_clis.csv is missing"] == list(checks["files"].wrong)
    assert {name for name in CHECKS if name not in {"warehouse", *OUTBOX}} == {
        name for name, each in checks.items() if each.unchecked
    }


def test_a_table_that_cannot_be_read_is_named(office: Office):
    """Flipped where the warehouse keeps its rows: it opens, and one table of it is not whole."""
    path, found = office.profile.warehouse, []
    whole = path.read_bytes()
    for block in range(8, len(whole) // 262_144 - 1, 6):
        content = bytearray(whole)
        content[12_288 + block * 262_144 + 4096] ^= 1
        path.write_bytes(bytes(content))
        found += wrong(office).get("warehouse", [])

    assert any(each.endswith("it cannot be read") for each in found), found


@pytest.mark.parametrize("damage", ["gone", "cut", "old"])
def test_a_published_copy_that_is_not_what_the_warehouse_says_is_named(
    office: Office, tmp_path: Path, damage: str
):
    copy = office.profile.published
    match damage:
        case "gone":
            copy.unlink()
        case "cut":
            copy.chmod(0o600)
            edit(copy, lambda content: content[:5000])
        case "old":
            shutil.copy(copy, tmp_path / "old")
            office.line(1)["quantity"] = "9"
            office.run()
            (tmp_path / "old").replace(copy)
    found = wrong(office)

    assert {"marts"} == set(found)
    assert {"gone": 1, "cut": 1}.get(damage, 4) <= len(found["marts"])
    assert 61 == exit_code(verify(office.profile))


def test_the_command_says_it_to_people_and_machines(office: Office):
    (office.batch(1) / "06_clis.csv").unlink()
    office.change("UPDATE ops.ledger SET actor = 'Bob' WHERE commit_no = 2")
    said = r2b(office, "verify", "--json")
    answer = json.loads(said.stdout)
    shown = r2b(office, "verify")

    assert (50, 50) == (said.returncode, shown.returncode)
    assert verification_json(verify(office.profile)) == answer
    assert ["files", "ledger chain"] == [
        each["name"] for each in answer["checks"] if not each["ok"]
    ]
    assert "Not as it should be: files, ledger chain." in shown.stdout
    assert "01204" not in said.stdout + shown.stdout


def r2b(office: Office, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("r2b"), *words],
        cwd=office.folder,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
