"""The register in a PostgreSQL database: a row for each batch, and a key that admits one.

It stands on the primary key alone: two who enter the same number at the same time are put in order
by the database, whoever holds which lock elsewhere.
"""

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import psycopg
from psycopg import sql

from schemas.receipts import SealedBatch
from tasks.register.port import EnteredElsewhere, Entry, RegisterDown, RegisterUnfit
from tasks.web import Patience, patiently

T = TypeVar("T")

_LONGEST_WORDS = 300
_MAKING_IT = 7_207_001
"""An advisory lock of this number is held by whoever makes the table: two at once would collide."""

_TABLE = """
CREATE TABLE {table} (
    tenant text NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    manifest_sha256 text NOT NULL,
    previous_manifest_sha256 text CHECK ((previous_manifest_sha256 IS NULL) = (seq = 1)),
    as_of date NOT NULL,
    row_count bigint NOT NULL,
    value numeric(38, 4) NOT NULL,
    claimed_at timestamptz NOT NULL,
    run_id text,
    published_at timestamptz,
    entered_at timestamptz NOT NULL DEFAULT now(),
    entered_by text NOT NULL,
    PRIMARY KEY (tenant, seq)
)
"""
_COMMENTS = {
    "tenant": "tenant.name of the profile",
    "seq": "the batch's number, and the name of its folder in the outbox",
    "manifest_sha256": "of its manifest.json",
    "previous_manifest_sha256": "of the manifest of the batch before it",
    "as_of": "the day it bills for",
    "row_count": "rows in all of its files",
    "value": "what its product rows come to, net, in pounds",
    "claimed_at": "when its charges were claimed",
    "run_id": "the run that claimed them; none: an undo",
    "published_at": "when its folder was known to be in the outbox",
    "entered_at": "when it was entered here, before any file of it could leave",
    "entered_by": "the machine and the outbox that entered it",
}
_IS_THERE = """
SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = %s AND relname = 'batch'
"""
_OF_TENANT = """
SELECT seq, manifest_sha256, claimed_at, run_id, published_at IS NOT NULL, entered_by
FROM {table} WHERE tenant = %(tenant)s
"""
_ENTRIES = f"{_OF_TENANT} ORDER BY seq"
_FIND = f"{_OF_TENANT} AND seq = %(seq)s"
# named, the key is asked for: without one, which a copied table may lack, nothing is entered
_ENTER = """
INSERT INTO {table}
    (tenant, seq, manifest_sha256, previous_manifest_sha256, as_of, row_count, value, claimed_at,
     run_id, published_at, entered_by)
SELECT %(tenant)s, %(seq)s, %(digest)s, %(previous)s, %(as_of)s, %(rows)s, %(value)s,
    %(claimed_at)s, %(run_id)s, CASE WHEN %(is_published)s THEN now() END, %(by)s
WHERE %(seq)s = 1 OR EXISTS (
    SELECT FROM {table}
    WHERE tenant = %(tenant)s AND seq = %(seq)s - 1 AND manifest_sha256 = %(previous)s
)
ON CONFLICT (tenant, seq) DO NOTHING
"""
_CORRECT = """
UPDATE {table}
SET manifest_sha256 = %(digest)s, published_at = CASE WHEN %(is_published)s THEN now() END
WHERE tenant = %(tenant)s AND seq = %(seq)s AND published_at IS NULL
"""


@dataclass(frozen=True)
class Database:
    """Where the register is, and who we are there.

    `certificates`: a file with those that vouch for the server; None: the system's. `encrypted`
    False: for this machine only.
    """

    host: str
    port: int
    database: str
    username: str
    schema: str = "r2b"
    password: str | None = field(default=None, repr=False)
    encrypted: bool = True
    certificates: str | None = None
    timeout: float = 10.0


class PostgresRegister:
    """See `Register`. Each question has a connection of its own: none is kept over a long run."""

    def __init__(self, tenant: str, place: str, database: Database, patience: Patience) -> None:
        """`patience`: how often it is asked where no answer comes."""
        self.place = place
        self._tenant, self._database, self._patience = tenant, database, patience
        self._table = sql.Identifier(database.schema, "batch")

    def entries(self) -> list[Entry]:
        """See `Register`."""

        def look(connection: psycopg.Connection) -> list[Entry]:
            if not self._is_there(connection):
                return []
            rows = connection.execute(self._said(_ENTRIES), {"tenant": self._tenant})
            return [Entry(*row) for row in rows]

        return self._asked(look)

    def enter(self, batches: Sequence[SealedBatch]) -> None:
        """See `Register`."""

        def write(connection: psycopg.Connection) -> None:
            self._make_sure_of_the_table(connection)
            for batch in batches:
                self._enter(connection, batch)

        # what was entered by a try that got no answer is found by the next one, as ours
        self._asked(write)

    def _enter(self, connection: psycopg.Connection, batch: SealedBatch) -> None:
        said: dict[str, object] = {
            "tenant": self._tenant,
            "seq": batch.seq,
            "digest": batch.manifest_sha256,
            "previous": batch.previous_manifest_sha256,
            "as_of": batch.as_of,
            "rows": batch.row_count,
            "value": batch.value,
            "claimed_at": batch.claimed_at,
            "run_id": batch.run_id,
            "is_published": batch.is_published,
            "by": self.place,
        }
        connection.execute(self._said(_ENTER), said)
        # a statement of its own: only now is seen what somebody else committed meanwhile
        row = connection.execute(self._said(_FIND), said).fetchone()
        if row is None:
            raise EnteredElsewhere(batch.seq - 1, None)
        entry = Entry(*row)
        is_the_one_published = batch.is_published and entry.manifest_sha256 == batch.manifest_sha256
        is_our_claim = not entry.is_published and entry.is_claim_of(batch, self.place)
        if not (is_the_one_published or is_our_claim):
            raise EnteredElsewhere(batch.seq, entry.by)
        connection.execute(self._said(_CORRECT), said)

    def _asked(self, question: Callable[[psycopg.Connection], T]) -> T:
        """The answer of one transaction, which is all there or not at all."""
        try:
            return patiently(self._patience)(psycopg.OperationalError, self._ask, question)
        except psycopg.OperationalError as error:
            raise RegisterDown(_words(error)) from error
        except psycopg.Error as error:
            raise RegisterUnfit(_words(error)) from error
        except UnicodeError:  # its words may hold the password
            raise RegisterUnfit("its host, names or password are no text it can take") from None

    def _ask(self, question: Callable[[psycopg.Connection], T]) -> T:
        with self._connected() as connection, _cut_off(connection, 2 * self._database.timeout):
            answer = question(connection)
            connection.commit()
            return answer

    def _connected(self) -> psycopg.Connection:
        place = self._database
        certificates = place.certificates or _of_the_system()
        return psycopg.connect(
            host=place.host,
            hostaddr="",  # or a variable of PostgreSQL's would say it
            port=place.port,
            dbname=place.database,
            user=place.username,
            password=place.password,
            sslmode="verify-full" if place.encrypted else "disable",
            sslrootcert=certificates if place.encrypted else None,
            client_encoding="UTF8",  # whatever the database's own is
            connect_timeout=max(2, round(place.timeout)),
            # what PostgreSQL's own variables say of these must not decide it
            options=f"-c statement_timeout={max(1, round(place.timeout * 1000))} "
            "-c default_transaction_isolation=read\\ committed "
            "-c synchronous_commit=on -c TimeZone=UTC",
            application_name="ready-to-bill",
            target_session_attrs="read-write",
        )

    def _make_sure_of_the_table(self, connection: psycopg.Connection) -> None:
        schema = self._database.schema
        if self._is_there(connection):
            return
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_MAKING_IT])
        if self._is_there(connection):
            return
        there = connection.execute(
            "SELECT FROM pg_namespace WHERE nspname = %s", [schema]
        ).fetchone()
        if there is None:  # who owns the schema need not be allowed to make others
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        connection.execute(self._said(_TABLE))
        for column, comment in _COMMENTS.items():
            connection.execute(
                sql.SQL("COMMENT ON COLUMN {} IS {}").format(
                    sql.Identifier(schema, "batch", column), sql.Literal(comment)
                )
            )

    def _is_there(self, connection: psycopg.Connection) -> bool:
        # not by its name: that names are known, or not, is remembered until a transaction ends
        found = connection.execute(_IS_THERE, [self._database.schema]).fetchone()
        return found is not None

    def _said(self, statement: str) -> sql.Composed:
        return sql.SQL(statement).format(table=self._table)


def _of_the_system() -> str:
    """The system's certificates, where Python finds them.

    The library that is packaged with psycopg looks for them in a folder that is on no machine.
    """
    return ssl.get_default_verify_paths().cafile or "system"


@contextmanager
def _cut_off(connection: psycopg.Connection, seconds: float) -> Iterator[None]:
    """End a connection whose answer does not come.

    The server's own limit holds neither for a commit nor where the line is dead.
    """

    def cut() -> None:
        with contextlib.suppress(OSError, psycopg.Error):  # it has ended by itself
            end = socket.socket(fileno=os.dup(connection.fileno()))
            with end:
                end.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _words(error: psycopg.Error) -> str:
    """What the database, or the way to it, says: the last line of it, without an address."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    said = next((line for line in reversed(lines) if "FATAL:" in line), lines[0])
    return said.rpartition("FATAL:")[2].rpartition("failed: ")[2].strip()[:_LONGEST_WORDS]
