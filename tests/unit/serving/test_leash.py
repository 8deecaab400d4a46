"""What is on a leash ends with whoever holds it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.serving import leash
from flows.serving.processes import Served, look_after
from schemas.errors import ServingFailed
from tests.e2e.served import children, eventually, is_alive

LEASH = [sys.executable, leash.__file__]


def held(*command: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([*LEASH, *command], stdin=subprocess.PIPE)


def test_it_ends_when_the_leash_is_let_go():
    process = held("sleep", "600")
    (child,) = eventually(lambda: children(process.pid), "it starts")

    process.stdin.close()

    assert 128 + signal.SIGTERM == process.wait(timeout=30)
    assert not is_alive(child)


def test_it_ends_when_it_is_told_to():
    process = held("sleep", "600")
    (child,) = eventually(lambda: children(process.pid), "it starts")

    process.terminate()

    assert 128 + signal.SIGTERM == process.wait(timeout=30)
    assert not is_alive(child)
    process.stdin.close()


def test_ctrl_c_is_for_the_holder_and_not_inherited():
    told = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    process = subprocess.Popen(
        [*LEASH, sys.executable, "-c", told], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )

    with process:
        assert b"True" == process.stdout.readline().strip()


def test_its_own_end_is_passed_on():
    process = held(sys.executable, "-c", "raise SystemExit(7)")

    assert 7 == process.wait(timeout=30)
    process.stdin.close()


def served(log: Path, *command: str, well: bool = True) -> Served:
    return Served("the sleeper", command, {}, log, lambda: well)


def test_what_ends_is_started_again_but_not_for_ever(tmp_path: Path):
    sleeper = served(tmp_path / "log", "true")
    said: list[str] = []
    sleeper.start()

    def goes_on() -> bool:
        look_after([sleeper], said.append)
        return False

    with pytest.raises(ServingFailed, match="ended 6 times"):
        eventually(goes_on, "it is given up", patience=60)

    assert 5 == said.count("the sleeper ended; starting it again")
    sleeper.stop()


def test_what_does_not_come_up_says_where_its_log_is(tmp_path: Path):
    sleeper = served(tmp_path / "log", "false", well=False)

    with pytest.raises(ServingFailed, match="it ended by itself") as failed:
        sleeper.start()

    assert str(tmp_path / "log") in failed.value.hint
