"""The processes that serve: started in order, looked after, stopped in the reverse order."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from flows.serving import leash
from schemas.errors import ServingFailed

_PATIENCE_SECONDS = 300
_LOOK_AGAIN_SECONDS = 0.2
_MOST_RESTARTS = 5
_RESTARTS_WITHIN_SECONDS = 600
_STOP_SECONDS = 30


@dataclass
class Served:
    """One process that serves: a command on a leash, its log, and how to tell that it is well."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    is_well: Callable[[], bool]
    restarts: list[float] = field(default_factory=list)
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, and wait until it is well.

        Raises:
            ServingFailed: it ended, or was not well in time; its log says why.
        """
        with self._opened_log() as log:
            self._process = subprocess.Popen(  # noqa: S603  our own command
                [sys.executable, leash.__file__, *self.command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=dict(self.environment),
            )
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while not self.is_well():
            if self._process.poll() is not None:
                raise self._failed("it ended by itself")
            if time.monotonic() > give_up_at:
                raise self._failed(f"it was not well after {_PATIENCE_SECONDS} seconds")
            time.sleep(_LOOK_AGAIN_SECONDS)

    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self._process is not None and self._process.poll() is not None

    def stop(self) -> None:
        """Let the leash go, and wait for the end."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    @contextlib.contextmanager
    def _opened_log(self) -> Iterator[BinaryIO]:
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.open("ab") as log:
            yield log

    def _failed(self, what: str) -> ServingFailed:
        self.stop()
        return ServingFailed(
            f"Starting {self.name}: {what}.", hint=f"Its log says why: {self.log}."
        )


def look_after(served: Sequence[Served], say: Callable[[str], None]) -> None:
    """Start again whatever has ended; returns when all run.

    What ends again and again is not started for ever.

    Raises:
        ServingFailed: one of them has ended too often, or does not come up again.
    """
    now = time.monotonic()
    for each in served:
        if not each.has_ended():
            continue
        each.stop()
        each.restarts = [at for at in each.restarts if now - at < _RESTARTS_WITHIN_SECONDS]
        if len(each.restarts) >= _MOST_RESTARTS:
            raise ServingFailed(
                f"Looking after {each.name}: it ended {_MOST_RESTARTS + 1} times in "
                f"{_RESTARTS_WITHIN_SECONDS // 60} minutes.",
                hint=f"Its log says why: {each.log}. Then serve again.",
            )
        each.restarts.append(now)
        say(f"{each.name} ended; starting it again")
        each.start()
        say(f"{each.name} is well again")
