"""Warehouse or outbox lost, cut, flipped or old: a run repairs, or stops and says what to do."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from flows.plan import plan
from flows.queue_desk import release
from flows.undo import plan_undo
from schemas.errors import DeliveryIncomplete, ProfileWrong, R2BError, StaleStatus
from tasks.verify.task import check_books
from tests.integration.office import Office, tree

SEED = 20_260_331
ROOT = Path(__file__).parents[2]
L1, L2 = ("L1", "recurring"), ("L2", "recurring")


@pytest.fixture(scope="module")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, written: Callable[[Path, int], Office]
) -> Office:
    """Batch 1 confirmed in part, batch 2 open; `monday` and `tuesday` are backups from before."""
    office = written(tmp_path_factory.mktemp("books"), 2)
    _back_up(office, "monday")
    office.answer({L1: "accepted", L2: "rejected:E1"})
    office.uploaded()
    _back_up(office, "tuesday")
    office.line(2)["quantity"] = "3"
    office.run()
    return office


def _back_up(office: Office, name: str) -> None:
    shutil.copy(office.profile.warehouse, office.folder / name)


def _restore(office: Office, name: str) -> None:
    """Put a backup into place, as if it had been made where the office is now."""
    here = str(office.profile.outbox)
    shutil.copy(office.folder / name, office.profile.warehouse)
    office.change(f"UPDATE out.batch SET path = '{here}/' || right(path, 6)")


@pytest.fixture
def office(tmp_path: Path, prepared: Office) -> Office:
    """A copy that may be damaged."""
    return prepared.copied(tmp_path / "office")


def kept(office: Office) -> dict[str, str]:
    """All that must be as it was when a run has stopped."""
    return {**tree(office.profile.outbox), **tree(office.profile.published.parent)}


def stopped(office: Office, code: int, *words: str) -> None:
    """A run stops with `code`, says `words` and what to do, and leaves no trace."""
    before = kept(office)
    job = office.job()

    assert (code, before) == (job.exit_code, kept(office)), job.error
    assert [] == [word for word in (*words, "Restore") if word not in (job.error or "")], job.error


def test_a_lost_warehouse_is_not_made_anew_beside_a_full_outbox(office: Office):
    office.profile.warehouse.unlink()
    stopped(office, 61, "the outbox holds batch 2, but the warehouse knows none")

    assert not office.profile.warehouse.exists()


def test_last_weeks_backup_stops_every_command_that_changes_anything(office: Office):
    _restore(office, "tuesday")
    stopped(office, 61, "the outbox holds batch 2, but the warehouse knows 1")
    before = kept(office)
    for command in (
        office.uploaded,
        office.abandon,
        office.undo,
        lambda: release(office.profile, 1, actor="Ann"),
    ):
        with pytest.raises(StaleStatus):
            command()

    assert before == kept(office)


def test_a_backup_from_before_a_transfer_is_brought_up_to_it(office: Office):
    """Batch 2 was never made: what was decided of batch 1 is in its journal."""
    shutil.rmtree(office.batch(2))
    office.profile.published.unlink()
    office.line(2)["quantity"] = "2"
    _restore(office, "tuesday")
    asked = (
        "SELECT line_id, charge_type, from_status, to_status, actor, reason FROM ops.ledger "
        "ORDER BY commit_no, line_id, charge_type"
    )
    told, standing = office.query(asked), "FROM ops.charge_state ORDER BY ALL"
    state = office.query(standing)
    _restore(office, "monday")
    receipt = office.run()

    assert (None, told) == (receipt.batch, office.query(asked))
    assert [row[:4] for row in state] == [row[:4] for row in office.query(standing)]
    assert ["000001"] == [path.name for path in office.profile.outbox.iterdir()]


def test_the_published_copy_remembers_a_batch_whose_folder_was_archived(office: Office):
    shutil.move(office.batch(2), office.folder / "archive")
    _restore(office, "tuesday")
    stopped(office, 61, "the published copy shows batch 2")


def test_the_published_copy_remembers_a_decision_nobody_else_knows(office: Office):
    office.abandon(2)
    shutil.move(office.batch(1), office.folder / "archive")
    office.change("DELETE FROM ops.ledger_commit WHERE batch_seq = 1 AND what = 'transfer'")
    stopped(office, 61, "the published copy shows decision 2 about batch 1")


def test_a_backup_from_between_claim_and_publication_knows_its_folder_again(office: Office):
    office.change(
        "UPDATE out.batch SET state = 'claimed', manifest_sha256 = NULL, written_at = NULL "
        "WHERE seq = 2"
    )
    before = tree(office.profile.outbox)
    office.run()

    assert before == tree(office.profile.outbox)
    assert [("confirmed",), ("written",)] == office.query(
        "SELECT state FROM out.batch ORDER BY seq"
    )


def test_another_tenant_gets_a_warehouse_of_its_own(office: Office):
    (office.folder / "r2b.toml").write_text('tenant.name = "Other"\n', encoding="utf-8")
    before = kept(office)
    job = office.job()

    assert (10, before) == (job.exit_code, kept(office))
    assert "its batches are those of another tenant, default" in (job.error or "")
    with pytest.raises(ProfileWrong, match="those of another tenant"):
        plan(office.profile, None)
    with pytest.raises(ProfileWrong, match="those of another tenant"):
        plan_undo(office.profile, 1)
    assert before == kept(office)


def test_a_tenants_folder_that_was_moved_is_found(office: Office):
    office.change("UPDATE out.batch SET path = '/nowhere/default/' || right(path, 6)")
    office.run()

    assert [(str(office.batch(1)),), (str(office.batch(2)),)] == office.query(
        "SELECT path FROM out.batch ORDER BY seq"
    )


def _first(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def _flip(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(bytes(content))


def damaged(office: Office, damage: Callable[[Path], None]) -> int:
    """How a run ends on a damaged warehouse: it stops with 41, or does what it would have done.

    Where the damage is in what no step reads, nothing of it is in the way.
    """
    before = tree(office.profile.outbox)
    damage(office.profile.warehouse)
    job = office.job()

    assert before == tree(office.profile.outbox)
    assert job.exit_code in {0, 41}, job.error
    if job.exit_code:
        assert "damaged" in job.error
        assert "Restore its newest backup" in job.error
    else:
        assert job.receipt.batch is None
        assert (2,) == job.receipt.open_batches
    return job.exit_code


def test_a_warehouse_cut_anywhere_stops_the_run(tmp_path: Path, prepared: Office):
    dice = random.Random(SEED)
    shares = [0.0, *(dice.random() for _ in range(7))]
    codes = [
        damaged(prepared.copied(tmp_path / str(n)), lambda path, share=share: _first(path, share))
        for n, share in enumerate(shares)
    ]

    assert {41} == set(codes)


def test_a_warehouse_with_a_flipped_bit_stops_the_run_that_reads_it(
    tmp_path: Path, prepared: Office
):
    dice = random.Random(SEED)
    bits = 8 * prepared.profile.warehouse.stat().st_size
    codes = [
        damaged(prepared.copied(tmp_path / str(n)), lambda path: _flip(path, dice.randrange(bits)))
        for n in range(8)
    ]

    assert 41 in codes


@pytest.fixture(scope="module")
def killed(
    tmp_path_factory: pytest.TempPathFactory, written: Callable[[Path, int], Office]
) -> Office:
    """A process that was killed after a transfer: all it did is in the log beside the warehouse."""
    office = written(tmp_path_factory.mktemp("killed"), 2)
    answers = office.results(*office.answers({L1: "accepted", L2: "rejected:E1"}))
    program = f"""
import os
from pathlib import Path
from flows.transfer import transfer_to_billing
from warehouse.connection import held_open
with held_open(Path({str(office.profile.warehouse)!r}), memory="1GB"):
    transfer_to_billing.fn(1, results={str(answers)!r}, profile_path="r2b.toml")
    os._exit(9)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=office.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert 9 == ended.returncode
    office.folder = office.folder.rename(office.folder.with_name("at-rest"))
    assert _log(office).stat().st_size
    return office


def _log(office: Office) -> Path:
    return office.profile.warehouse.with_name("warehouse.duckdb.wal")


def _same(killed: Office, folder: Path) -> Office:
    """A copy with its log as it is, for nothing opens it; its batch is found where it is now."""
    shutil.copytree(killed.folder, folder)
    office = Office.__new__(Office)
    office.folder, office.feeds = folder, killed.feeds
    return office


@pytest.mark.parametrize("how", ["cut", "flipped"])
def test_a_log_that_is_damaged_loses_no_decision(tmp_path: Path, killed: Office, how: str):
    """Cut, it holds less, and the journal gives it back. Flipped, it may not open at all."""
    dice, size = random.Random(SEED), _log(killed).stat().st_size
    expected = {("L1", "in_billing"), ("L2", "held")}
    for n in range(6):
        office = _same(killed, tmp_path / str(n))
        if how == "cut":
            _first(_log(office), dice.randrange(size) / size)
        else:
            _flip(_log(office), dice.randrange(8 * size))
        office.profile.published.unlink()
        job = office.job()
        if job.exit_code:
            assert ("flipped", 41) == (how, job.exit_code), job.error
            continue
        assert None is job.receipt.batch
        assert expected == set(office.dispositions().items())
        assert [(1,)] == office.query(
            "SELECT count(*) FROM ops.ledger WHERE line_id = 'L1' AND to_status = 'In Billing'"
        )


FILES = {
    "the manifest of a closed batch": (1, "manifest.json"),
    "the manifest of an open batch": (2, "manifest.json"),
    "a file of an open batch": (2, "08_products.csv"),
    "the journal": (1, "transfer.json"),
}
DAMAGES = {
    "cut": lambda path: _first(path, 0.7),
    "empty": lambda path: _first(path, 0),
    "flipped": lambda path: _flip(path, 8 * 40),
    "gone": Path.unlink,
}


@pytest.mark.parametrize("which", FILES)
def test_a_file_of_the_outbox_that_is_not_as_it_was_stops_the_run(
    tmp_path: Path, prepared: Office, which: str
):
    seq, name = FILES[which]
    for how, damage in DAMAGES.items():
        office = prepared.copied(tmp_path / how)
        damage(office.batch(seq) / name)
        stopped(office, 50, f"{seq:06d}")


@pytest.fixture
def after_years(office: Office) -> Office:
    """200 batches: copies of batch 1, and what was open is the last."""
    first = office.batch(1)
    office.batch(2).rename(office.batch(200))
    with duckdb.connect(str(office.profile.warehouse)) as connection:
        connection.execute(
            f"UPDATE out.batch SET seq = 200, path = '{office.batch(200)}' WHERE seq = 2"
        )
        connection.execute(
            "INSERT INTO out.batch SELECT copy.* REPLACE (number AS seq, "
            f"concat('{first.parent}/', lpad(number::VARCHAR, 6, '0')) AS path) "
            "FROM out.batch AS copy, range(2, 200) AS numbers (number) WHERE copy.seq = 1"
        )
    for seq in range(2, 200):
        shutil.copytree(first, office.batch(seq))
    return office


def look(office: Office) -> R2BError | None:
    """What is done before anything is changed."""
    try:
        check_books(office.profile.warehouse, office.profile.outbox, office.profile.published)
    except R2BError as error:
        return error
    return None


def another_run(office: Office) -> None:
    office.change(
        "INSERT INTO ops.run SELECT run.* REPLACE (concat(run_id, '-') AS run_id) "
        "FROM ops.run AS run ORDER BY length(run_id) DESC LIMIT 1"
    )


@pytest.mark.parametrize("name", ["manifest.json", "transfer.json"])
def test_a_settled_batch_of_old_has_its_turn(after_years: Office, name: str):
    """So that looking takes no longer after years; once found, it is found until it is mended."""
    assert look(after_years) is None
    _flip(after_years.batch(33) / name, 8 * 40)
    turns = []
    for _ in range(10):
        another_run(after_years)
        turns.append(look(after_years))

    (found,) = (error for error in turns if error is not None)
    assert "000033" in found.message
    assert 50 == found.exit_code


@pytest.mark.parametrize("seq", [101, 150, 199, 200])
def test_the_newest_batches_are_looked_at_every_time(after_years: Office, seq: int):
    _flip(after_years.batch(seq) / "manifest.json", 8 * 40)
    for _ in range(2):
        another_run(after_years)
        found = look(after_years)
        assert found is not None
        assert f"{seq:06d}" in found.message


def test_of_a_folder_that_was_moved_every_batch_is_found(after_years: Office):
    moved = after_years.folder.with_name("elsewhere")
    after_years.folder.rename(moved)
    after_years.folder = moved

    assert look(after_years) is None
    assert [(200,)] == after_years.query(
        f"SELECT count(*) FROM out.batch WHERE starts_with(path, '{moved}')"
    )


def test_a_journal_that_says_otherwise_stops_the_run(office: Office):
    path = office.batch(1) / "transfer.json"
    said = json.loads(path.read_bytes())
    said["decisions"][1]["actor"] = "Bob"
    path.write_text(json.dumps(said), encoding="utf-8")
    stopped(office, 50, "decision 2 of transfer.json is not the one the ledger holds")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"manifest_sha256": "0" * 64}, "its journal is about other files"),
        ({"kind": "results", "results": "results_1.csv"}, "results_1.csv is missing or altered"),
        ({"kind": "lost"}, "transfer.json is damaged"),
        ({"at": "noon"}, "transfer.json is damaged"),
        ({"failure_scope": "all"}, "transfer.json is damaged"),
    ],
)
def test_a_decision_that_cannot_be_relied_on_is_not_committed(
    office: Office, change: dict[str, str], words: str
):
    ((manifest,),) = office.query("SELECT manifest_sha256 FROM out.batch WHERE seq = 2")
    said = {"kind": "uploaded", "actor": "Ann", "at": "2026-03-31T12:00:00Z"}
    entry = {**said, "manifest_sha256": manifest, **change}
    path = office.batch(2) / "transfer.json"
    path.write_text(json.dumps({"decisions": [entry]}), encoding="utf-8")
    ledger = office.query("FROM ops.ledger ORDER BY ALL")
    job = office.job()

    assert (50, ledger) == (job.exit_code, office.query("FROM ops.ledger ORDER BY ALL"))
    assert words in job.error


def test_files_that_left_are_not_forgotten_with_their_journal(office: Office):
    office.change(
        "INSERT INTO out.delivery_file (seq, file, state) VALUES (2, '06_clis.csv', 'sending')"
    )
    stopped(office, 50, "files of it have left, and its delivery.json is gone")
    shutil.move(office.batch(2), office.folder / "archive")

    with pytest.raises(R2BError, match="files of it may be in Affinity"):
        office.abandon(2)


def test_a_delivery_journal_that_lists_nothing_delivers_nothing(office: Office):
    empty = {"mode": "http", "doubt": "", "files": [], "decisions": []}
    (office.batch(2) / "delivery.json").write_text(json.dumps(empty), encoding="utf-8")

    with pytest.raises(DeliveryIncomplete, match=r"delivery\.json does not list its files"):
        office.uploaded(2)
