"""Two programs, one warehouse: one works, the other is told at once. Exit code 40."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.looking import explain
from flows.plan import plan
from flows.transfer import transfer_to_billing
from schemas.errors import WarehouseBusy
from tests.integration.office import Office
from tests.running import AS_OF, mart

HOLD_LOCK = """
import sys
from pathlib import Path
from warehouse.lock import only_run
with only_run(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
LOOK_FOR_A_WHILE = """
import sys, time
from pathlib import Path
from warehouse.connection import open_reading
with open_reading(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(3)
"""
HOLD_OPEN = """
import sys
import duckdb
with duckdb.connect(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_program(code: str, warehouse: Path) -> Iterator[None]:
    """Another process that holds on until the block ends."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(warehouse)],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert b"held\n" == child.stdout.readline()
        yield
        child.stdin.close()


@pytest.fixture
def office(tmp_path: Path, written: Callable[[Path, int], Office]) -> Office:
    """One line in batch 1."""
    return written(tmp_path, 1)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        pytest.param(HOLD_LOCK, "another run is using this warehouse", id="a run"),
        pytest.param(HOLD_OPEN, "another process has it open", id="somebody's database tool"),
    ],
)
def test_a_run_beside_another_program(office: Office, code: str, message: str):
    with another_program(code, office.profile.warehouse):
        job = office.job()

    assert 40 == job.exit_code
    assert message in job.error
    assert "batch_open" == office.run().status


def test_a_transfer_beside_a_run(office: Office):
    with another_program(HOLD_LOCK, office.profile.warehouse), pytest.raises(WarehouseBusy):
        transfer_to_billing.fn(1, "Ann", profile_path=str(office.folder / "r2b.toml"))

    assert {"L1": "exported"} == office.dispositions()


@pytest.mark.parametrize("look", [explain, lambda profile, _: plan(profile, AS_OF)])
def test_who_looks_at_the_live_warehouse_is_told(office: Office, look):
    with another_program(HOLD_OPEN, office.profile.warehouse), pytest.raises(WarehouseBusy):
        look(office.profile, "L1")


def test_analysts_are_never_blocked(office: Office):
    with another_program(HOLD_OPEN, office.profile.warehouse):
        charges = mart(office.folder, "charge")

    assert 2 == charges.height


def test_a_program_that_died_holds_nothing(office: Office):
    with another_program(HOLD_LOCK, office.profile.warehouse):
        pass

    assert "batch_open" == office.run().status


def test_who_only_looks_does_not_keep_a_run_from_its_work(office: Office):
    office.add_line(2)
    office.save()
    with another_program(LOOK_FOR_A_WHILE, office.profile.warehouse):
        job = office.job()

    assert 0 == job.exit_code, job.error
