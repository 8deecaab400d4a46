"""A real Dask cluster on loopback: a scheduler, and workers that can be let die as they judge.

Processes are ended by pid.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed

from tests import mortal_worker
from tests.prefect_server import end

_PATIENCE_SECONDS = 120

_ON_LOOPBACK = ("--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
"""A scheduler and workers answer over HTTP as well: without a dashboard too, and to everybody."""


class Cluster:
    """A scheduler and its workers."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        """Start the scheduler; a bucket that two workers have died of is not given to a third."""
        self._folder, self._stack, self._workers = folder, stack, 0
        self._deaths = folder / "deaths"
        self._deaths.mkdir(parents=True)
        self._file = folder / "scheduler.json"
        self._start(
            "scheduler",
            *("--scheduler-file", str(self._file), "--port", "0"),
            DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1",
        )
        _until(self._is_written, "the scheduler did not come up")
        self.address = str(json.loads(self._file.read_text("utf-8"))["address"])

    def _is_written(self) -> bool:
        """The file is there before what it says is, which ends with a bracket."""
        return self._file.exists() and self._file.read_text("utf-8").rstrip().endswith("}")

    def add_workers(self, number: int, **environment: str) -> None:
        """Start so many more, of one thread each, and wait until they are there."""
        for _ in range(number):
            self._workers += 1
            self._start(
                "worker",
                *("--scheduler-file", str(self._file)),
                *("--nworkers", "1", "--nthreads", "1"),
                *("--local-directory", str(self._folder / "scratch")),
                *("--preload", mortal_worker.__file__),
                **{mortal_worker.DEATHS: str(self._deaths)},
                **environment,
            )
        if number:
            with distributed.Client(self.address, set_as_default=False) as client:
                client.wait_for_workers(self._workers, timeout=_PATIENCE_SECONDS)

    def let_die(self, times: int) -> None:
        """Kill so many workers, each while it judges a bucket."""
        for number in range(times):
            (self._deaths / str(number)).touch()

    def deaths_due(self) -> int:
        """How many have not come yet; none come from now on."""
        due = list(self._deaths.iterdir())
        for death in due:
            death.unlink()
        return len(due)

    def said(self) -> dict[str, str]:
        """What its processes wrote, by name."""
        return {log.stem: log.read_text("utf-8", "replace") for log in self._folder.glob("*.log")}

    def _start(self, what: str, *words: str, **environment: str) -> None:
        log = self._stack.enter_context(
            (self._folder / f"{what}-{len(self.said())}.log").open("wb")
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", what, *_ON_LOOPBACK, *words],
            env=_plain_environment(self._folder) | environment,
            cwd=self._folder,  # not this tree, which a worker of another version must not find
            stdout=log,
            stderr=log,
        )
        self._stack.callback(end, process, within=30)


@contextlib.contextmanager
def dask_cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A cluster that keeps to `folder`, until the block ends."""
    with contextlib.ExitStack() as stack:
        cluster = Cluster(folder, stack)
        cluster.add_workers(workers)
        yield cluster


def _plain_environment(folder: Path) -> dict[str, str]:
    """Nothing of Prefect: what workers need to know comes along with what they are asked."""
    here = {name: said for name, said in os.environ.items() if not name.startswith("PREFECT_")}
    return {**here, "PREFECT_HOME": str(folder / "prefect"), "DO_NOT_TRACK": "1"}


def _until(holds: Any, otherwise: str) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(0.05)
