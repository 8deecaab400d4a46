"""The one process that lives all the days: it does what it is asked, and says how it is.

It does nothing but the product's work. The reseller, Affinity and what must hold are in the process
that asks, so that what grows here is the product's.
"""

import contextlib
import ctypes
import gc
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from flows.billing_run import billing_run
from flows.deliveries import deliver
from flows.profile import load_profile
from flows.queue_desk import list_items, release
from flows.reconcile import reconcile
from flows.retention import apply_retention
from flows.transfer import transfer_to_billing
from flows.upkeep import upkeep
from flows.verify import verify
from tasks.verify.task import check_books
from tests.crash.child import CONTEXT, ended_with
from tests.running import resident
from warehouse.connection import held_open

PROFILE = "r2b.toml"
UNTIL_DONE = 300.0
_DELIVERY_MODE = "R2B_DELIVERY__MODE"


@dataclass(frozen=True)
class Health:
    """What the process holds: bytes of memory, open files, threads."""

    rss: int
    files: int
    threads: int


@dataclass(frozen=True)
class Reply:
    """How an act ended: its exit code and words, what it returned, the seconds it took."""

    code: int
    said: str
    value: Any
    seconds: float
    health: Health


class Worker:
    """The process, asked from outside; its temporary files are in `temporary`."""

    def __init__(self, folder: Path, temporary: Path, environment: dict[str, str]) -> None:
        """Start it in `folder`, where the profile is."""
        temporary.mkdir(parents=True)
        self._line, theirs = CONTEXT.Pipe()
        environment = environment | {"TMPDIR": str(temporary)}
        self._process = CONTEXT.Process(target=_serve, args=(theirs, str(folder), environment))
        self._process.start()
        theirs.close()

    def ask(self, act: str, *args: Any) -> Reply:
        """Have it do something, whatever comes of it; a traceback is nothing that may come."""
        self._line.send((act, args))
        if not self._line.poll(UNTIL_DONE):
            raise AssertionError(f"{act} hangs")
        reply: Reply = self._line.recv()
        assert reply.code != 1, f"{act}{args}: {reply.said}"
        return reply

    def close(self) -> None:
        """It ends by itself."""
        self._line.close()
        self._process.join(UNTIL_DONE)
        assert self._process.exitcode == 0


def _serve(line: Connection, folder: str, environment: dict[str, str]) -> None:
    os.chdir(folder)
    os.environ.update(environment)
    tempfile.tempdir = None  # it is looked for anew
    with contextlib.suppress(EOFError):
        while True:
            act, args = line.recv()
            line.send(_reply(ACTS[act], args))


def _reply(act: Callable[..., Any], args: tuple[Any, ...]) -> Reply:
    began = time.perf_counter()
    code, said, value = ended_with(lambda: act(*args))
    return Reply(code, said, value, time.perf_counter() - began, health())


def health() -> Health:
    """How this process is now."""
    return Health(
        rss=resident(),
        files=sum(1 for _ in Path("/proc/self/fd").iterdir()),
        threads=sum(1 for _ in Path("/proc/self/task").iterdir()),
    )


def _run(day: date, largest_file: int | None = None) -> tuple[int | None, bool]:
    """The batch that waits after the run, and whether this run has written it."""
    with _files_of_at_most(largest_file):
        receipt = billing_run.fn(PROFILE, day)
    if receipt.batch is not None:
        return receipt.batch.seq, True
    return (receipt.open_batches[-1] if receipt.open_batches else None), False


@contextlib.contextmanager
def _files_of_at_most(size: int | None) -> Iterator[None]:
    """The disk takes no file larger than that: a write beyond it fails, as on a full one."""
    if size is None:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _deliver(seq: int, arrived: bool | None = None) -> str:
    """By itself, where the profile leaves it to people: the state of the batch afterwards."""
    os.environ[_DELIVERY_MODE] = "http"
    try:
        return deliver(load_profile(Path(PROFILE)), seq, actor="Ann", arrived=arrived).state
    finally:
        del os.environ[_DELIVERY_MODE]


def _transfer(seq: int, results: str) -> None:
    transfer_to_billing.fn(seq, profile_path=PROFILE, results=results)


def _release() -> int:
    profile = load_profile(Path(PROFILE))
    items = list_items(profile)
    for item in items:
        release(profile, item.id, actor="Ann")
    return len(items)


def _waits() -> Any:
    """When the last item of the queue is due."""
    due = [each.next_at for each in list_items(load_profile(Path(PROFILE))) if each.next_at]
    return max(due, default=None)


def _retain(today: date) -> int:
    receipt = apply_retention(load_profile(Path(PROFILE)), actor="Ann", today=today)
    return sum(kind.files + kind.rows for kind in receipt.kinds.values())


def _verify() -> list[str]:
    return [
        f"{check.name}: {check.wrong or check.unchecked}"
        for check in verify(load_profile(Path(PROFILE)))
        if check.wrong or check.unchecked
    ]


def _reconcile() -> dict[str, Any]:
    total = reconcile.fn(PROFILE, with_report=False).total
    return {"layer": total.layer_per_month, "affinity": total.affinity_per_month}


def _check_books() -> float:
    """The seconds that looking at the books takes, as every act does first."""
    profile = load_profile(Path(PROFILE))
    with held_open(profile.warehouse, memory=profile.settings.warehouse.memory):
        began = time.perf_counter()
        check_books(profile.warehouse, profile.outbox, profile.published)
        return time.perf_counter() - began


def _trim() -> None:
    """Give back what is free: what is left is held."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # another C library has none
        ctypes.CDLL("libc.so.6").malloc_trim(0)


ACTS: dict[str, Callable[..., Any]] = {
    "run": _run,
    "deliver": _deliver,
    "transfer": _transfer,
    "release": _release,
    "waits": _waits,
    "upkeep": lambda: upkeep.fn(PROFILE).landed.files,
    "retention": _retain,
    "verify": _verify,
    "reconcile": _reconcile,
    "books": _check_books,
    "trim": _trim,
    "nothing": lambda: None,
}
