"""The drop folder over SFTP, on 127.0.0.1 and nowhere else."""

import asyncio
import os
import secrets
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import asyncssh

from sandbox.affinity.behaviour import Behaviour, Rule
from sandbox.affinity.journal import Journal

HOST: Final = "127.0.0.1"
USERNAME: Final = "r2b"
_KEY_TYPE: Final = "ssh-ed25519"


@dataclass(frozen=True, slots=True)
class SftpAddress:
    """Where the drop is and who gets in; `known_hosts` is a file that names its host key."""

    host: str
    port: int
    username: str
    password: str
    known_hosts: Path


@contextmanager
def sftp_server(
    root: Path,
    keys: Path,
    behaviour: Behaviour,
    journal: Journal,
    *,
    password: str | None = None,
    public_key: Path | None = None,
) -> Iterator[SftpAddress]:
    """A server on a free port that shows the folder `root` and nothing above it.

    The host key is made anew and stays in memory. The password is made up unless given; with a
    `public_key` its owner gets in too. At the end no thread and no connection is left.
    """
    host_key = asyncssh.generate_private_key(_KEY_TYPE)
    door = _Door(password or secrets.token_urlsafe(12), public_key)
    service = _Service(root, host_key, door, behaviour, journal)
    thread = threading.Thread(target=service.run, name="affinity-sftp")
    thread.start()
    try:
        port = service.wait_for_port()
        known_hosts = keys / "known_hosts"
        known_hosts.parent.mkdir(parents=True, exist_ok=True)
        line = host_key.export_public_key().decode().strip()
        known_hosts.write_text(f"[{HOST}]:{port} {line}\n", encoding="utf-8")
        yield SftpAddress(HOST, port, USERNAME, door.password, known_hosts)
    finally:
        service.stop()
        thread.join()


class _Door:
    """Who gets in."""

    def __init__(self, password: str, public_key: Path | None) -> None:
        self.password = password
        self._keys = None if public_key is None else asyncssh.read_authorized_keys(str(public_key))

    def opens_to(self, username: str, password: str) -> bool:
        given, wanted = f"{username}\n{password}", f"{USERNAME}\n{self.password}"
        return secrets.compare_digest(given.encode(), wanted.encode())

    def keys_of(self, username: str) -> asyncssh.SSHAuthorizedKeys | None:
        return self._keys if username == USERNAME else None


class _Service:
    """The listening socket and its connections, in an event loop of their own thread."""

    def __init__(
        self,
        root: Path,
        host_key: asyncssh.SSHKey,
        door: _Door,
        behaviour: Behaviour,
        journal: Journal,
    ) -> None:
        self.root = root
        self.door = door
        self.behaviour = behaviour
        self.journal = journal
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self._host_key = host_key
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._port: Future[int] = Future()

    def run(self) -> None:
        """Serve until `stop`."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._serve())
            except BaseException as error:
                if not self._port.done():
                    self._port.set_exception(error)
                raise

    def wait_for_port(self) -> int:
        """The port, once there is one."""
        return self._port.result()

    def stop(self) -> None:
        """Have `run` return."""
        with suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._ended.set)

    async def _serve(self) -> None:
        listener = await asyncssh.listen(
            HOST,
            0,
            server_factory=lambda: _Connection(self),
            sftp_factory=lambda channel: _Drop(channel, self),
            server_host_keys=[self._host_key],
            allow_scp=False,
            agent_forwarding=False,
        )
        self._port.set_result(listener.get_port())
        await self._ended.wait()
        listener.close()
        left = list(self.connections)
        for connection in left:
            connection.abort()
        for connection in left:
            await connection.wait_closed()
        await listener.wait_closed()


class _Connection(asyncssh.SSHServer):
    """One connection: lets in who may come in."""

    def __init__(self, service: _Service) -> None:
        self._service = service
        self._rule: Rule | None = None
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._service.connections.add(conn)
        self._rule = rule = self._service.behaviour.draw("connect")
        is_cut = rule is not None and rule.do == "disconnect"
        self._service.journal.note(
            "CONNECT",
            "",
            "",
            0 if is_cut else 200,
            effect=False,
            fault=None if rule is None else rule.do,
        )
        if is_cut:
            conn.abort()

    def connection_lost(self, _exc: Exception | None) -> None:
        if self._connection is not None:
            self._service.connections.discard(self._connection)

    async def begin_auth(self, username: str) -> bool:
        if self._rule is not None and self._rule.do == "slow":
            await asyncio.sleep(self._rule.seconds)
        keys = self._service.door.keys_of(username)
        if keys is not None and self._connection is not None and not self._refuses():
            self._connection.set_authorized_keys(keys)
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return not self._refuses() and self._service.door.opens_to(username, password)

    def _refuses(self) -> bool:
        return self._rule is not None and self._rule.do == "auth_refused"


class _Drop(asyncssh.SFTPServer):
    """One session on the drop folder; renaming never replaces what is there."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], service: _Service) -> None:
        super().__init__(channel, chroot=os.fsencode(service.root))
        self._service = service

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if not pflags & asyncssh.FXF_WRITE:
            await self._look(path)
        else:
            self._service.journal.note(
                "WRITE", os.fsdecode(path), _name(path), 200, effect=False, fault=None
            )
        return super().open(path, pflags, attrs)

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        path = os.fsencode(getattr(file_obj, "name", b""))
        rule = await self._draw("write", path)
        if rule is None or rule.do == "slow":
            return super().write(file_obj, offset, data)  # type: ignore[return-value]  # the library's own does not wait
        super().write(file_obj, offset, data[: len(data) // 2])
        raise self._failure(rule)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        rule = await self._draw("rename", newpath)
        kind = None if rule is None else rule.do
        entry = self._service.journal.begin("RENAME", os.fsdecode(newpath), _name(newpath))
        effect = kind in {None, "slow", "cut_after_rename"}
        status = {None: 200, "slow": 200, "rename_fails": 500}.get(kind, 0)
        if effect:
            old, new = (Path(os.fsdecode(self.map_path(path))) for path in (oldpath, newpath))
            try:
                new.hardlink_to(old)
            except FileExistsError:
                self._service.journal.finish(entry, 409, effect=False, fault=kind)
                raise asyncssh.SFTPFailure("the name is taken") from None
            old.unlink()
        self._service.journal.finish(entry, status, effect=effect, fault=kind)
        if rule is not None and kind != "slow":
            raise self._failure(rule)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        await self.rename(oldpath, newpath)

    async def stat(self, path: bytes) -> os.stat_result | asyncssh.SFTPAttrs:
        await self._look(path)
        return super().stat(path)  # type: ignore[return-value]  # nor this

    async def lstat(self, path: bytes) -> os.stat_result | asyncssh.SFTPAttrs:
        await self._look(path)
        return super().lstat(path)  # type: ignore[return-value]  # nor this

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        await self._look(path)
        async for name in super().scandir(path):
            yield name

    async def _look(self, path: bytes) -> None:
        rule = await self._draw("list", path)
        if rule is not None and rule.do != "slow":
            raise self._failure(rule)

    async def _draw(self, on: str, path: bytes) -> Rule | None:
        """What goes wrong this time; if it is only slow, that is over."""
        rule = self._service.behaviour.draw(on, _name(path))
        if rule is not None and rule.do == "slow":
            await asyncio.sleep(rule.seconds)
        return rule

    def _failure(self, rule: Rule) -> asyncssh.SFTPError:
        """What to raise; if the connection shall be cut it is."""
        if "cut" in rule.do:
            self.channel.get_connection().abort()
        return asyncssh.SFTPFailure("as the behaviour has it")


def _name(path: bytes) -> str:
    """The file's final name, also while it is written aside."""
    name = PurePosixPath(os.fsdecode(path)).name
    return name[1:].removesuffix(".part") if name.startswith(".") else name
