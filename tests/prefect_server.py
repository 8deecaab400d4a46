"""A real Prefect server on loopback, for tests that run commands: started once, ended by pid."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from flows.console.quiet import hush_prefect

_PATIENCE_SECONDS = 120


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def prefect_server(home: Path, more: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run a server with its own home until the block ends; yields its API's address.

    `more` is set in its environment.
    """
    port = free_port()
    hush_prefect()
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"},
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        **(more or {}),
    }
    log = (home / "server.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start"],
        env=environment,
        stdout=log,
        stderr=log,
    )
    try:
        address = f"http://127.0.0.1:{port}/api"
        _wait_until_healthy(address, server, home / "server.log")
        yield address
    finally:
        end(server, within=20)
        log.close()


def end(
    process: subprocess.Popen[bytes], *, within: float, by: signal.Signals = signal.SIGTERM
) -> None:
    """End a process, gently for so many seconds."""
    process.send_signal(by)
    try:
        process.wait(timeout=within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(f"{address}/health", timeout=5) as answer,  # noqa: S310  our own
        ):
            if answer.status == 200:
                return
        time.sleep(0.1)
    message = f"the Prefect server did not come up:\n{log.read_text(errors='replace')[-3000:]}"
    raise RuntimeError(message)
