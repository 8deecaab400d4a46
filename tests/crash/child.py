"""What happens in a process that is to die: one of the program's acts, as a command would do it.

Processes are forked from one that has imported the program, which is what takes long.
"""

import contextlib
import multiprocessing
import os
import shutil
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from flows.billing_run import billing_run
from flows.profile import load_profile
from flows.retry_queue import drain
from flows.transfer import transfer_to_billing
from flows.undo import undo
from schemas.errors import R2BError
from tests.crash.points import Point, arm, count

UNTIL_DEAD = 600.0
KILLED = -9
"""What `multiprocessing` says of a process that was killed."""

_SPEECHLESS = 99
"""No exit code of the program's: it ended, and could not say how."""

CONTEXT = multiprocessing.get_context("forkserver")
"""Makes processes from one that has imported the program."""

CONTEXT.set_forkserver_preload([__name__])

_BOOKS = threading.Lock()
"""Held by whoever asks how a process is: each that is begun asks of the others, and an exit code
can be read only once. Whoever comes second is told 255."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, and what it said."""

    code: int
    said: str
    did_hit: bool = False

    @property
    def was_killed(self) -> bool:
        """Whether it was not allowed to finish."""
        return self.code == KILLED


@dataclass(frozen=True)
class Fault:
    """What a system call does instead: the k-th `call` of a thread is killed, or fails."""

    call: str
    does: str  # KILL, EIO, ENOSPC
    nth: int

    def __str__(self) -> str:
        return f"{self.does} at {self.call}#{self.nth}"

    @property
    def injection(self) -> str:
        """The same in strace's words."""
        how = "signal=SIGKILL" if self.does == "KILL" else f"error={self.does}"
        return f"inject={self.call}:{how}:when={self.nth}"


def _retry(profile: str, day: date) -> None:
    if drain(load_profile(Path(profile))).needs_run:
        billing_run.fn(profile, day)


ACTS: Mapping[str, Callable[[str, date], object]] = {
    "run": billing_run.fn,
    "retry": _retry,
    "transfer": lambda profile, _day: transfer_to_billing.fn(
        1, results="results.csv", profile_path=profile
    ),
    "undo": lambda profile, _day: undo(
        load_profile(Path(profile)), 1, actor="Ann", reason="wrong price book"
    ),
}


def do(
    folder: Path,
    act: str,
    day: date,
    *,
    environment: Mapping[str, str],
    point: Point | None = None,
    counts: Path | None = None,
    fault: Fault | None = None,
    trace: Path | None = None,
) -> Ended:
    """Do `act` in a process of its own, in `folder`, and say how it ended.

    `point` is where it dies; `counts` takes how often the points were met; `fault` is put into its
    system calls, and `trace` takes those calls (without a fault, of all kinds there are faults of).
    """
    log = folder / "said.txt"
    process = CONTEXT.Process(
        target=_obey,
        args=(str(folder), act, day, dict(environment), point, counts, trace is not None),
    )
    with _BOOKS:
        process.start()
    tracer = None
    if trace is not None:
        wanted = fault.call if fault else ",".join(CALLS)
        words = ["-f", "-q", "-p", str(process.pid), "-o", str(trace), "-e", f"trace={wanted}"]
        words += ["-y", *(["-e", fault.injection] if fault else [])]
        tracer = subprocess.Popen(
            [shutil.which("strace") or "strace", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    until = time.monotonic() + UNTIL_DEAD
    while (
        not wait([process.sentinel], 0.5)
        and time.monotonic() < until
        and not is_untrue(fault, trace)
    ):
        pass
    is_hanging = not wait([process.sentinel], 0)
    if is_hanging:
        process.kill()
        wait([process.sentinel])
    with _BOOKS:
        process.join()
    words_of_tracer = tracer.communicate(timeout=UNTIL_DEAD)[1] if tracer is not None else b""
    if trace is not None and not trace.exists():
        raise AssertionError(f"strace cannot trace: {words_of_tracer.decode()}")
    assert process.exitcode is not None
    said = log.read_text("utf-8", errors="replace")
    if is_untrue(fault, trace):
        return Ended(KILLED, said)
    if is_hanging:
        raise AssertionError(f"{act} hangs: {said[-2000:]}")
    did_hit = process.exitcode == KILLED or bool(_injected(trace))
    return Ended(process.exitcode, said, did_hit)


def _injected(trace: Path | None) -> list[str]:
    """The calls that were made to fail, in strace's words."""
    if trace is None or not trace.exists():
        return []
    begun: dict[str, str] = {}
    failed: list[str] = []
    for line in trace.read_text("utf-8", errors="replace").splitlines():
        thread = line.partition(" ")[0]
        if line.endswith("<unfinished ...>"):
            begun[thread] = line
        elif "INJECTED" in line:
            failed.append(begun.get(thread, line) if "resumed>" in line else line)
    return failed


_NO_DISK = ("<anon_inode:", "<pipe:", "<socket:")


def is_untrue(fault: Fault | None, trace: Path | None) -> bool:
    """Whether a disk's error was put where there is no disk, such as a runtime's own alarm clock.

    No kernel says that the disk is full to one thread that wakes another: libraries take it for
    the end of the world, some by waiting for ever. Such a trial has not hit.
    """
    is_of_a_disk = fault is not None and fault.does != "KILL" and fault.call != "sendto"
    return is_of_a_disk and any(
        kind in line.partition(",")[0] for line in _injected(trace) for kind in _NO_DISK
    )


CALLS = (
    *("write", "pwrite64", "fsync", "fdatasync", "rename", "unlink"),
    *("ftruncate", "sendto", "mkdir"),
)
"""The system calls by which something becomes durable, or leaves."""


def _obey(
    folder: str,
    act: str,
    day: date,
    environment: dict[str, str],
    point: Point | None,
    counts: Path | None,
    is_traced: bool,
) -> None:
    os.chdir(folder)
    os.environ.update(environment)
    said = os.open("said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    if counts is not None:
        count(counts)
    if point is not None:
        arm(point)
    while is_traced and not _has_tracer():
        time.sleep(0.002)
    code = _SPEECHLESS
    with contextlib.suppress(OSError):  # its words may be the call that fails
        code = _code_of(act, day)
    os._exit(code)


def _code_of(act: str, day: date) -> int:
    code, said, _ = ended_with(lambda: ACTS[act]("r2b.toml", day))
    if said:
        os.write(2, f"{said}\n".encode())
    return code


def ended_with(act: Callable[[], Any]) -> tuple[int, str, Any]:
    """How an act ended: its exit code, its words if it did not end well, and what it returned."""
    try:
        return 0, "", act()
    except R2BError as error:
        return error.exit_code, str(error), None
    except Exception:  # noqa: BLE001  that there is none is what is looked for
        return 1, traceback.format_exc(), None


def _has_tracer() -> bool:
    status = Path("/proc/self/status").read_text("ascii")
    return "TracerPid:\t0\n" not in status
