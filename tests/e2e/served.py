"""`r2b serve` as a process of its own, and what the outside sees of it: API, processes, UI."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

R2B = Path(sys.executable).with_name("r2b")
_PATIENCE_SECONDS = 300
NEVER = """
[schedule]
billing_run = ""
retry_queue = ""
reconcile = ""
sync_check = ""
upkeep = ""
"""
"""Only what a test asks for runs."""


@dataclass
class Served:
    """What serves: its process, its addresses, and questions to its API."""

    process: "subprocess.Popen[str]"
    ui: str
    api: str
    automations: Sequence[str]
    headers: Mapping[str, str] = field(default_factory=dict)
    """What a protected server wants to see with every request."""

    def ask(self, path: str, **question: Any) -> Any:
        """Ask the API with a POST."""
        return self._post(path, question)

    def deployment(self, name: str) -> dict[str, Any]:
        """A deployment by its name."""
        (found,) = self.ask("deployments/filter", deployments={"name": {"any_": [name]}})
        return found

    def start(self, deployment: str, **parameters: Any) -> str:
        """Ask for a run, as a click on *Run* does; its id."""
        there = self.deployment(deployment)["id"]
        made = self._post(
            f"deployments/{there}/create_flow_run",
            {"parameters": parameters, "state": {"type": "SCHEDULED"}},
        )
        return str(made["id"])

    def _post(self, path: str, content: Mapping[str, Any]) -> Any:
        """Post, again where the server's database is busy, as Prefect's own clients do."""

        def posted() -> httpx.Response | None:
            answer = httpx.post(
                f"{self.api}/{path}", json=content, headers=self.headers, timeout=60
            )
            return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

        answer = eventually(posted, f"an answer of {path}")
        answer.raise_for_status()
        return answer.json()

    def look(self, run: str) -> dict[str, Any]:
        """A flow run as it is now."""
        answer = httpx.get(f"{self.api}/flow_runs/{run}", headers=self.headers, timeout=30)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def ended(self, run: str) -> dict[str, Any]:
        """Wait until a run has ended; it as it is then."""

        def has_ended() -> dict[str, Any] | None:
            found = self.look(run)
            return found if found["state_type"] in _ENDS else None

        return eventually(has_ended, f"run {run} ends")

    def running(self, run: str, task: str) -> int:
        """Wait until `task` of a run is under way; the process of the flow run."""

        def found() -> int | None:
            tasks = self.ask("task_runs/filter", flow_runs={"id": {"any_": [run]}})
            under_way = [each for each in tasks if each["state_type"] == "RUNNING"]
            if not any(each["name"].startswith(task) for each in under_way):
                return None
            return _process_of(run)

        return eventually(found, f"{task} of run {run} is under way")

    def run(self, deployment: str, **parameters: Any) -> dict[str, Any]:
        """Ask for a run and wait for its end."""
        return self.ended(self.start(deployment, **parameters))

    def artifacts(self, run: str) -> dict[str, dict[str, Any]]:
        """What a run shows, by key."""
        asked = {"flow_run_id": {"any_": [run]}}
        return {each["key"]: each for each in self.ask("artifacts/filter", artifacts=asked)}

    def runs(self, deployment: str) -> list[dict[str, Any]]:
        """The runs of a deployment, oldest first."""
        found: list[dict[str, Any]] = self.ask(
            "flow_runs/filter",
            deployments={"name": {"any_": [deployment]}},
            sort="START_TIME_ASC",
        )
        return found

    def child_of(self, name: str) -> int:
        """The process that a leash holds now; 0 while there is none."""
        words = {"the worker": "worker", "the Prefect server": "server"}[name]
        for leash in children(self.process.pid):
            for child in children(leash):
                if words in Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0"):
                    return child
        return 0

    def everything(self) -> list[int]:
        """The processes that serve, but for the one that started them."""
        leashes = children(self.process.pid)
        return [*leashes, *(each for leash in leashes for each in children(leash))]

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Ctrl-C, and wait for the end; the exit code."""
        self.process.send_signal(how)
        return self.process.wait(timeout=90)


_ENDS = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@contextmanager
def serving(
    folder: Path,
    profiles: Sequence[Path],
    port: int,
    environment: Mapping[str, str] | None = None,
    more: Sequence[str] = (),
) -> Iterator[Served]:
    """Serve from `folder` until the block ends."""
    words = [word for path in profiles for word in ("--profile", str(path))]
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    log = (folder / "serve.log").open("wb")
    process = subprocess.Popen(
        [str(R2B), "serve", "--json", "--port", str(port), *words, *more],
        cwd=folder,
        env={**surroundings, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        assert line, f"it did not come up: {(folder / 'serve.log').read_text()}"
        said = json.loads(line)
        yield Served(process, said["ui"], said["api"], said["automations"])
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=90)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()
        log.close()


def eventually(look: Callable[[], Any], what: str, patience: float = _PATIENCE_SECONDS) -> Any:
    """Look until there is something; `what` is hoped for."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            found = look()
        except httpx.TransportError:
            found = None  # a server that was killed comes up again
        if found:
            return found
        time.sleep(0.3)
    message = f"not within {patience:.0f} seconds: {what}"
    raise AssertionError(message)


def children(pid: int) -> list[int]:
    """The processes a process has started and that still run."""
    return [
        int(entry)
        for entry in os.listdir("/proc")  # noqa: PTH208  names only
        if entry.isdigit() and _parent(int(entry)) == pid
    ]


def is_alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _process_of(run: str) -> int | None:
    """The process whose environment says that it is this flow run."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if run.encode() in environment and is_alive(int(entry.name)):
                return int(entry.name)
    return None
