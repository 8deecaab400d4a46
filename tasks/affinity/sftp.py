"""Affinity's SFTP drop: the same four places as a drop folder, on another machine.

The host's key must be known beforehand: a key that is first seen when money is sent proves nothing.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from posixpath import join
from threading import Thread
from typing import TypeVar, cast

import asyncssh

from tasks.affinity.folder import first_line
from tasks.affinity.port import (
    CannotAsk,
    Declined,
    LinkDown,
    NameTaken,
    Outgoing,
    Seen,
    Sight,
    checked,
    on_its_way,
    results_name,
)

T = TypeVar("T")

_BLOCK_BYTES = 1 << 18


@dataclass(frozen=True)
class SftpPlace:
    """Where the drop is, who we are there, and by which key we know the host.

    `archive` None: what is taken leaves no trace. `timeout` in seconds: of one look, and of one
    block of a file.
    """

    host: str
    port: int
    username: str
    known_hosts: Path
    inbox: str
    archive: str | None
    error: str
    results: str
    key_file: Path | None = None
    password: str | None = None
    timeout: float = 60.0


class SftpDelivery:
    """Carries files over SFTP; a connection per call, so nothing is shared between threads."""

    mode = "sftp"

    def __init__(self, place: SftpPlace) -> None:
        """`place` is where Affinity's loader looks and leaves its answers."""
        self._place = place

    def look(self, remote_name: str) -> Sight:
        """Where the file is; see `Delivery.look`."""
        if self._place.archive is None:
            raise CannotAsk
        return self._talk(lambda sftp: self._look(sftp, remote_name))

    def send(self, file: Outgoing) -> Sight | None:
        """Write the file beside, then rename it, never over anything; see `Delivery.send`."""
        self._talk(lambda sftp: self._send(sftp, file))
        return None

    def results(self, remote_name: str) -> bytes | None:
        """The answer the loader left; see `Delivery.results`."""
        path = join(self._place.results, results_name(remote_name))
        return self._talk(lambda sftp: self._content(sftp, path))

    async def _look(self, sftp: asyncssh.SFTPClient, remote_name: str) -> Sight:
        place = self._place
        for folder, seen in on_its_way(place.inbox, place.archive or "", place.error):
            digest = await self._sha256(sftp, join(folder, remote_name))
            if digest is not None:
                words = b""
                if seen is Seen.REFUSED:
                    words = await self._content(sftp, join(folder, f"{remote_name}.txt")) or b""
                return Sight(seen, digest, first_line(words))
        for folder in (place.inbox, place.archive or "", place.error):
            async with self._in_time():
                is_there = await sftp.isdir(folder or ".")
            if not is_there:
                raise LinkDown(f"there is no folder {folder} in the SFTP drop")
        return Sight(Seen.ABSENT)

    async def _send(self, sftp: asyncssh.SFTPClient, file: Outgoing) -> None:
        aside = join(self._place.inbox, f".{file.remote_name}.part")
        async with self._in_time():
            out = await sftp.open(aside, "wb")
        async with out:
            with checked(file) as source:
                while block := source.read(_BLOCK_BYTES):
                    async with self._in_time():
                        await out.write(block)
        async with self._in_time():
            await self._rename(sftp, aside, join(self._place.inbox, file.remote_name))

    @staticmethod
    async def _rename(sftp: asyncssh.SFTPClient, aside: str, final: str) -> None:
        """The plain rename of SFTP refuses a name that is taken, in words of no fixed kind."""
        try:
            await sftp.rename(aside, final)
        except asyncssh.SFTPError as error:
            if await sftp.exists(final):
                raise NameTaken from error
            # it may have been renamed and taken already
            raise LinkDown(f"the SFTP drop did not rename it ({type(error).__name__})") from error

    async def _sha256(self, sftp: asyncssh.SFTPClient, path: str) -> str | None:
        digest = hashlib.sha256()
        try:
            async with self._in_time():
                source = await sftp.open(path, "rb")
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return None
        async with source:
            block = b"-"
            while block:
                async with self._in_time():
                    block = cast("bytes", await source.read(_BLOCK_BYTES))
                digest.update(block)
        return digest.hexdigest()

    async def _content(self, sftp: asyncssh.SFTPClient, path: str) -> bytes | None:
        try:
            async with self._in_time(), sftp.open(path, "rb") as source:
                return cast("bytes", await source.read())
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return None

    def _talk(self, doing: Callable[[asyncssh.SFTPClient], Awaitable[T]]) -> T:
        """Connect, do it, hang up; a loop of its own, for the caller may be inside another."""
        answers: list[T] = []
        errors: list[BaseException] = []

        async def whole() -> T:
            async with self._connected() as sftp:
                return await doing(sftp)

        def run() -> None:
            try:
                answers.append(asyncio.run(whole()))
            except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
                errors.append(error)

        thread = Thread(target=run, name="sftp")
        thread.start()
        thread.join()
        for error in errors:
            translated = _translated(error)
            if translated is error:
                raise error
            raise translated from error
        return answers[0]

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncssh.SFTPClient]:
        place = self._place
        async with (
            asyncssh.connect(
                place.host,
                place.port,
                username=place.username,
                known_hosts=str(place.known_hosts),
                client_keys=[str(place.key_file)] if place.key_file else None,
                password=place.password,
                agent_path=None,
                config=None,
                connect_timeout=place.timeout,
                login_timeout=place.timeout,
                keepalive_interval=place.timeout,
            ) as connection,
            connection.start_sftp_client() as sftp,
        ):
            yield sftp

    def _in_time(self) -> asyncio.Timeout:
        return asyncio.timeout(self._place.timeout)


_DECLINED: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    (
        (asyncssh.PermissionDenied, asyncssh.KeyImportError),
        "the SFTP server does not accept our name and key",
    ),
    ((asyncssh.HostKeyNotVerifiable,), "the SFTP server's key is not the one in known_hosts"),
    (
        (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath),
        "the SFTP drop lacks one of its folders",
    ),
    ((asyncssh.SFTPPermissionDenied,), "the SFTP server does not let us use the drop"),
    (
        (FileNotFoundError, IsADirectoryError, PermissionError),
        "known_hosts or key_file of the SFTP drop cannot be read here",
    ),
    (
        (ValueError,),
        "the SFTP drop cannot be used as set: look at its host, known_hosts, key_file and password",
    ),
)
"""What waiting does not cure, and its words; the first that fits."""


def _translated(error: BaseException) -> BaseException:
    """The transport's errors in the words of the port; others as they are."""
    for kinds, words in _DECLINED:
        if isinstance(error, kinds):
            return Declined(words)
    if isinstance(error, (asyncssh.SFTPError, asyncssh.Error, OSError, TimeoutError)):
        return LinkDown(f"the SFTP drop does not answer as it should ({type(error).__name__})")
    return error
