"""A real PostgreSQL server on loopback, and a line to it that can be cut at a chosen moment."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import psycopg
from psycopg import sql

from tests.loopback import answering
from tests.prefect_server import end, free_port

_PATIENCE_SECONDS = 120
_ROLE, _SUPERUSER = "r2b", "owner"


@dataclass(frozen=True)
class Postgres:
    """A server that is up: where, and the password of its roles."""

    port: int
    password: str

    def asked(self, words: str, database: str = "postgres", *values: object) -> list[Any]:
        """What a statement of the superuser's gives."""
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname=database,
            user=_SUPERUSER,
            password=self.password,
            autocommit=True,
        ) as connection:
            found = connection.execute(words.encode(), values)
            return found.fetchall() if found.description else []

    def new_database(self) -> "RegisterDatabase":
        """An empty database that belongs to the role `r2b`."""
        name = f"r2b_{secrets.token_hex(6)}"
        self.asked(sql.SQL("CREATE DATABASE {} OWNER r2b").format(sql.Identifier(name)).as_string())
        return RegisterDatabase(self, name)


@dataclass(frozen=True)
class RegisterDatabase:
    """A database for a register."""

    server: Postgres
    name: str

    def profile(self, *, port: int | None = None, more: str = "", place: str = "") -> str:
        """A profile that keeps its register here, quickly impatient."""
        if "encrypted" not in place:
            place = f"encrypted = false\n{place}"
        return (
            '[batch_register]\nkept = "postgresql"\nfirst_wait_seconds = 0.01\n'
            f"longest_wait_seconds = 0.05\n{more}\n"
            f'[batch_register.postgresql]\nhost = "127.0.0.1"\nport = {port or self.server.port}\n'
            f'database = "{self.name}"\n{place}\n'
        )

    def asked(self, words: str, *values: object) -> list[Any]:
        """What a statement of the superuser's gives in it."""
        return self.server.asked(words, self.name, *values)

    def entries(self) -> list[tuple[str, int]]:
        """Tenant and number of all batches in the register."""
        return self.asked("SELECT tenant, seq FROM r2b.batch ORDER BY tenant, seq")


@contextlib.contextmanager
def postgres(*, encrypted_by: Path | None = None) -> Iterator[Postgres]:
    """A server with nothing in it, until the block ends; `encrypted_by`: its certificate and key.

    It refuses to run as root, and then runs as Debian's user for it, in a folder that is its own.
    """
    password = secrets.token_hex(12)
    with tempfile.TemporaryDirectory(prefix="r2b-postgres-") as name, contextlib.ExitStack() as up:
        folder = Path(name)
        (folder / "password").write_text(password, "ascii")
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(free_port()),
            "unix_socket_directories": "",
            "fsync": "off",  # nobody pulls the plug of this machine in a test
        }
        if encrypted_by is not None:
            pem = folder / "server.pem"
            pem.write_bytes(encrypted_by.read_bytes())
            pem.chmod(0o600)
            settings |= {"ssl": "on", "ssl_cert_file": str(pem), "ssl_key_file": str(pem)}
        owner = _owned(folder)
        subprocess.run(
            [
                *(_program("initdb"), "-D", folder / "data", "--no-sync"),
                *("-U", _SUPERUSER, "--auth=scram-sha-256", "--pwfile", folder / "password"),
                *("-E", "UTF8", "--locale=C.UTF-8"),
            ],
            check=True,
            capture_output=True,
            cwd=folder,
            **owner,
        )
        log = up.enter_context((folder / "server.log").open("wb"))
        server = subprocess.Popen(
            [
                *(_program("postgres"), "-D", folder / "data"),
                *(word for each, value in settings.items() for word in ("-c", f"{each}={value}")),
            ],
            stdout=log,
            stderr=log,
            cwd=folder,
            **owner,
        )
        # its fast shutdown: whoever is connected is cut off
        up.callback(end, server, within=30, by=signal.SIGINT)
        served = Postgres(int(settings["port"]), password)
        _wait_until_it_answers(served, server, folder / "server.log")
        served.asked(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            .format(sql.Identifier(_ROLE), sql.Literal(password))
            .as_string()
        )
        yield served


def _program(name: str) -> str:
    """Debian keeps them by version, outside the path."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4])
    )
    program = str(found[-1]) if found else shutil.which(name)
    assert program, f"there is no {name}: apt install postgresql"
    return program


def _owned(folder: Path) -> dict[str, Any]:
    """Who runs the server; the folder and what is in it become theirs."""
    if os.getuid() != 0:
        return {}
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, "postgres", "postgres")
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _wait_until_it_answers(served: Postgres, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while server.poll() is None and time.monotonic() < end:
        with contextlib.suppress(psycopg.OperationalError):
            served.asked("SELECT 1")
            return
        time.sleep(0.05)
    raise AssertionError(f"PostgreSQL did not come up:\n{log.read_text('utf-8')[-3000:]}")


class Line(ThreadingTCPServer):
    """Passes on what client and server say; `cut` is what it does when somebody commits.

    None: nothing. "before": what is said is not passed on. "after": it is, and the answer is not.
    `times` it is cut; at the words `stalls_at` it passes on nothing, until it is let go; `open_for`
    so many connections are let through, None: any number.
    """

    daemon_threads = True
    cut: str | None = None
    times = 1
    stalls_at: bytes | None = None
    open_for: int | None = None

    def __init__(self, server: Postgres) -> None:
        """A line to `server`, on a port of its own."""
        self.server_port = server.port
        self.lock = threading.Lock()
        self._is_let_go = threading.Event()
        super().__init__(("127.0.0.1", 0), _Passing)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def lets_in(self) -> bool:
        """Whether one more connection may pass."""
        with self.lock:
            if self.open_for is None:
                return True
            self.open_for -= 1
            return self.open_for >= 0

    def let_go(self) -> None:
        """End what stalls."""
        self._is_let_go.set()

    def stall(self, said: bytes) -> None:
        """Wait where a client says what the line stalls at."""
        if self.stalls_at is not None and self.stalls_at in said:
            self._is_let_go.wait(_PATIENCE_SECONDS)

    def is_cut(self, said: bytes) -> str | None:
        """What is done about what a client says now."""
        with self.lock:
            if self.cut is None or b"COMMIT" not in said or self.times == 0:
                return None
            self.times -= 1
            return self.cut


class _Passing(BaseRequestHandler):
    server: Line
    request: socket.socket

    def handle(self) -> None:
        if not self.server.lets_in():
            return
        there = socket.create_connection(("127.0.0.1", self.server.server_port))
        with there:
            is_silent = threading.Event()
            back = threading.Thread(target=self._pass_back, args=(there, is_silent))
            back.start()
            with contextlib.suppress(OSError):
                while said := self.request.recv(65536):
                    self.server.stall(said)
                    cut = self.server.is_cut(said)
                    if cut == "before":
                        break
                    if cut == "after":
                        is_silent.set()
                        there.sendall(said)
                        back.join(_PATIENCE_SECONDS)  # until the server has answered
                        break
                    there.sendall(said)
            with contextlib.suppress(OSError):
                there.shutdown(socket.SHUT_RDWR)
            back.join()

    def _pass_back(self, there: socket.socket, is_silent: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while said := there.recv(65536):
                if is_silent.is_set():
                    return
                self.request.sendall(said)


@contextlib.contextmanager
def line_to(server: Postgres) -> Iterator[Line]:
    """A line to a server, until the block ends."""
    with answering(Line(server)) as line:
        yield line
