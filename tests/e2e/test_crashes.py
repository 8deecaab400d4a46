"""Whatever is killed: the run ends in the right state, no slot is stuck, the next run goes on."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.served import NEVER, R2B, Served, eventually, is_alive, serving
from tests.integration.office import Office
from tests.over_http import http_profile
from tests.prefect_server import free_port
from tests.running import mart

pytestmark = pytest.mark.timeout(600)


class Silence:
    """A source that takes every question and never answers, until it goes away."""

    def __init__(self) -> None:
        """Listen on a free port."""
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def go_away(self) -> None:
        """Whoever waits for an answer learns that there will be none."""
        self._listener.close()


@pytest.fixture
def silence() -> Iterator[Silence]:
    source = Silence()
    yield source
    source.go_away()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    made = Office(tmp_path_factory.mktemp("tenant") / "default", profile=NEVER)
    made.save()
    return made


@pytest.fixture(scope="module")
def served(office: Office, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    profile = office.folder / "r2b.toml"
    with serving(tmp_path_factory.mktemp("served"), [profile], free_port()) as found:
        yield found


@pytest.fixture
def hanging(served: Served, office: Office, silence: Silence) -> tuple[str, int]:
    """A billing run that waits for its source: its id and its process."""
    return hang(served, office, silence)


def hang(served: Served, office: Office, silence: Silence) -> tuple[str, int]:
    profile = office.folder / "r2b.toml"
    good = profile.read_text()
    profile.write_text(good + http_profile(silence.address, timeout_seconds=900.0, attempts=1))
    run = served.start("billing-run", as_of="2026-03-31")
    process = served.running(run, "land feeds")
    profile.write_text(good)
    return run, process


def goes_on(served: Served, office: Office) -> None:
    """The next run has its slot at once, closes what was cut off, and ends well."""
    run = served.run("billing-run", as_of="2026-03-31")

    assert "COMPLETED" == run["state_type"], run["state"]["message"]
    runs = mart(office.folder, "run")
    assert runs.filter(runs["status"] == "running").is_empty()
    assert {"L1": "exported", "L2": "exported"} == office.dispositions()
    assert [1] == mart(office.folder, "batch")["seq"].to_list(), "nothing was claimed twice"


def test_the_process_of_a_run_is_killed(served: Served, office: Office, hanging: tuple[str, int]):
    run, process = hanging

    os.kill(process, signal.SIGKILL)

    assert "CRASHED" == served.ended(run)["state_type"]
    goes_on(served, office)


def test_the_worker_is_killed(
    served: Served, office: Office, silence: Silence, hanging: tuple[str, int]
):
    """Its run goes on without it, and ends as it would have: here, without a source."""
    run, process = hanging
    worker = served.child_of("the worker")

    os.kill(worker, signal.SIGKILL)
    eventually(lambda: served.child_of("the worker") not in {0, worker}, "there is another one")
    silence.go_away()

    ended = served.ended(run)
    assert ended["state_type"] in {"FAILED", "CRASHED"}, ended["state"]["message"]
    eventually(lambda: not is_alive(process), "its process ends")
    goes_on(served, office)


def test_the_worker_and_its_run_are_killed_at_once(
    served: Served, office: Office, hanging: tuple[str, int]
):
    run, process = hanging
    worker = served.child_of("the worker")

    for each in (worker, process):
        os.kill(each, signal.SIGSTOP)
    for each in (worker, process):
        os.kill(each, signal.SIGKILL)

    ended = served.ended(run)
    assert "CRASHED" == ended["state_type"]
    assert "What it left is repaired by the next run" in ended["state"]["message"]
    goes_on(served, office)


def test_the_server_is_killed(served: Served, office: Office, hanging: tuple[str, int]):
    run, process = hanging
    server = served.child_of("the Prefect server")

    os.kill(server, signal.SIGKILL)
    eventually(lambda: served.look(run), "the server is there again")
    os.kill(process, signal.SIGKILL)

    assert "CRASHED" == served.ended(run)["state_type"]
    goes_on(served, office)


def test_all_of_it_is_killed_and_served_again_until_ctrl_c(tmp_path: Path, silence: Silence):
    office = Office(tmp_path / "default", profile=NEVER)
    office.save()
    profiles = [office.folder / "r2b.toml"]
    with serving(tmp_path, profiles, free_port()) as first:
        run, process = hang(first, office, silence)
        os.kill(first.process.pid, signal.SIGKILL)
        for each in [*first.everything(), process]:
            eventually(lambda each=each: not is_alive(each), f"process {each} ends as well")
    with serving(tmp_path, profiles, free_port()) as second:
        assert "CRASHED" == second.ended(run)["state_type"]
        goes_on(second, office)
        left = second.everything()

        assert 0 == second.stop(signal.SIGINT)

        assert not [each for each in left if is_alive(each)]
        assert "Stopped." in (tmp_path / "serve.log").read_text()


def test_one_folder_is_served_once(served: Served, office: Office, tmp_path: Path):
    again = subprocess.run(
        [str(R2B), "serve", "--port", str(free_port()), "--profile", office.folder / "r2b.toml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert 80 == again.returncode
    assert "another r2b serve is at work" in again.stderr
    assert served.process.poll() is None
