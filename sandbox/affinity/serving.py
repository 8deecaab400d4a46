"""Starts the stand-in as servers: HTTP, SFTP, the watched drop folder, or any of them together."""

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from sandbox.affinity.behaviour import Behaviour
from sandbox.affinity.billing import Affinity
from sandbox.affinity.drop import Drop, watching
from sandbox.affinity.http_desk import Desk
from sandbox.affinity.http_server import http_server
from sandbox.affinity.journal import Journal
from sandbox.affinity.loading import Loader
from sandbox.affinity.policy import Policy
from sandbox.affinity.sftp_server import SftpAddress, sftp_server
from sandbox.affinity.uploads import Loading, Uploads

_DEFAULT_POLICY: Final = Policy()


@dataclass(frozen=True, slots=True)
class StandIn:
    """A stand-in at work: where it is to be found, and what its owner may ask of it."""

    http: str | None
    sftp: SftpAddress | None
    drop: Path | None
    _affinity: Affinity
    _behaviour: Behaviour
    _journal: Journal
    _drop: Drop | None

    def behave(self, rules: Iterable[object]) -> None:
        """Misbehave by these rules from now on; by none of the rules before."""
        self._behaviour.replace(rules)

    def journal(self) -> list[dict[str, object]]:
        """Every request so far, in the order of arrival."""
        return self._journal.as_list()

    def audit(self) -> dict[str, object]:
        """What is billed, and what is billed twice."""
        return self._affinity.audit().as_dict()

    def export(self, folder: Path) -> dict[str, int]:
        """Write what is live as feeds; rows by file name."""
        return self._affinity.export(folder)

    def sweep(self) -> list[str]:
        """Take what lies in the drop folder now; the names that were taken."""
        return [] if self._drop is None else self._drop.sweep()

    def as_dict(self) -> dict[str, object]:
        """The addresses, for JSON."""
        sftp = self.sftp
        return {
            "http": self.http,
            "sftp": None
            if sftp is None
            else {
                "host": sftp.host,
                "port": sftp.port,
                "username": sftp.username,
                "password": sftp.password,
                "known_hosts": str(sftp.known_hosts),
            },
            "drop": None if self.drop is None else str(self.drop),
        }


@contextmanager
def serving(
    state: Path,
    feeds: Path | None,
    *,
    http: bool = True,
    sftp: bool = False,
    drop: Path | None = None,
    token: str | None = None,
    password: str | None = None,
    public_key: Path | None = None,
    policy: Policy = _DEFAULT_POLICY,
    rules: Iterable[object] = (),
    loading: Loading = Loading.AT_ONCE,
    poll: float | None = 0.2,
) -> Iterator[StandIn]:
    """A stand-in at work on a state folder; nothing of it runs on afterwards.

    SFTP shows the drop folder, which is `state/drop` unless given. Without `poll` nobody watches
    it: it is swept by `StandIn.sweep` only.

    Raises:
        StandInError: there is nothing to learn from, or a rule says nothing.

    """
    behaviour, journal = Behaviour(rules), Journal()
    Affinity(state, feeds).learn()
    affinity = Affinity(state)
    loader = Loader(affinity, behaviour, policy)
    if sftp and drop is None:
        drop = state / "drop"
    with ExitStack() as stack:
        folder = None if drop is None else Drop(drop, loader, journal)
        if folder is not None and poll is not None:
            stack.enter_context(watching(folder, poll))
        base_url = address = None
        if http:
            desk = Desk(affinity, Uploads(state, loader, loading), behaviour, journal)
            base_url = stack.enter_context(http_server(desk, behaviour, journal, token))
        if sftp and drop is not None:
            address = stack.enter_context(
                sftp_server(
                    drop, state, behaviour, journal, password=password, public_key=public_key
                )
            )
        yield StandIn(base_url, address, drop, affinity, behaviour, journal, folder)


class _Told(Exception):
    """A signal has come."""


@contextmanager
def until_told() -> Iterator[None]:
    """Stay, once the body is done, until stdin closes or SIGTERM or SIGINT comes.

    Whoever started the program holds the other end of stdin, so it ends with them, however they
    end. For the main thread of a program.
    """

    def leave(_signal: int, _frame: FrameType | None) -> None:
        raise _Told

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
        while os.read(sys.stdin.fileno(), 4096):
            pass
    except _Told:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
