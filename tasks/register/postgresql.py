"""The register in a PostgreSQL database: a row for each batch, and a key that admits one.

It stands on the primary key alone: two who enter the same number at the same time are put in order
by the database, whoever holds which lock elsewhere.
"""

import ssl
from collections.abc import Callable, Sequence
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
    "entered_at": "when it was entered here, before any file of it could leave",
    "entered_by": "the machine and the outbox that entered it",
}
_IS_THERE = """
SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = %s AND relname = 'batch'
"""
_ENTRIES = """
SELECT seq, manifest_sha256, claimed_at, run_id, entered_by FROM {table} WHERE tenant = %s
ORDER BY seq
"""
_LAST = f"{_ENTRIES} DESC LIMIT 1"
_ENTER = """
INSERT INTO {table}
    (tenant, seq, manifest_sha256, previous_manifest_sha256, as_of, row_count, value, claimed_at,
     run_id, entered_by)
SELECT %(tenant)s, %(seq)s, %(digest)s, %(previous)s, %(as_of)s, %(rows)s, %(value)s,
    %(claimed_at)s, %(run_id)s, %(by)s
WHERE %(seq)s = 1 OR EXISTS (
    SELECT FROM {table}
    WHERE tenant = %(tenant)s AND seq = %(seq)s - 1 AND manifest_sha256 = %(previous)s
)
ON CONFLICT DO NOTHING
"""
_FIND = """
SELECT seq, manifest_sha256, claimed_at, run_id, entered_by FROM {table}
WHERE tenant = %s AND seq = %s
"""
_CORRECT = """
UPDATE {table} SET manifest_sha256 = %(digest)s
WHERE tenant = %(tenant)s AND seq = %(seq)s
    AND NOT EXISTS (SELECT FROM {table} WHERE tenant = %(tenant)s AND seq > %(seq)s)
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

    def last(self) -> Entry | None:
        """See `Register`."""

        def look(connection: psycopg.Connection) -> Entry | None:
            row = connection.execute(self._said(_LAST), [self._tenant]).fetchone()
            return Entry(*row) if row else None

        return self._asked(look)

    def entries(self) -> list[Entry]:
        """See `Register`."""

        def look(connection: psycopg.Connection) -> list[Entry]:
            rows = connection.execute(self._said(_ENTRIES), [self._tenant]).fetchall()
            return [Entry(*row) for row in rows]

        return self._asked(look)

    def enter(self, batches: Sequence[SealedBatch]) -> None:
        """See `Register`."""

        def write(connection: psycopg.Connection) -> None:
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
            "by": self.place,
        }
        connection.execute(self._said(_ENTER), said)
        # a statement of its own: only now is seen what somebody else committed meanwhile
        row = connection.execute(self._said(_FIND), [self._tenant, batch.seq]).fetchone()
        if row is None:
            raise EnteredElsewhere(batch.seq - 1, None)
        entry = Entry(*row)
        if not entry.is_claim_of(batch, self.place):
            raise EnteredElsewhere(batch.seq, entry.by)
        if entry.manifest_sha256 == batch.manifest_sha256:
            return
        if not connection.execute(self._said(_CORRECT), said).rowcount:
            raise EnteredElsewhere(batch.seq + 1, None)

    def _asked(self, question: Callable[[psycopg.Connection], T]) -> T:
        """The answer of one transaction, which is all there or not at all."""
        try:
            return patiently(self._patience)(psycopg.OperationalError, self._ask, question)
        except psycopg.OperationalError as error:
            raise RegisterDown(_words(error)) from error
        except psycopg.Error as error:
            raise RegisterUnfit(_words(error)) from error

    def _ask(self, question: Callable[[psycopg.Connection], T]) -> T:
        with self._connected() as connection:
            self._make_sure_of_the_table(connection)
            return question(connection)

    def _connected(self) -> psycopg.Connection:
        place = self._database
        return psycopg.connect(
            host=place.host,
            hostaddr="",  # or a variable of PostgreSQL's would say it
            port=place.port,
            dbname=place.database,
            user=place.username,
            password=place.password,
            sslmode="verify-full" if place.encrypted else "disable",
            sslrootcert=place.certificates or _of_the_system(),
            connect_timeout=max(2, round(place.timeout)),
            # what PostgreSQL's own variables say of these must not decide it
            options=f"-c statement_timeout={round(place.timeout * 1000)} "
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


def _words(error: psycopg.Error) -> str:
    """What the database, or the way to it, says: the last line of it, without an address."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    said = next((line for line in reversed(lines) if "FATAL:" in line), lines[0])
    return said.rpartition("FATAL:")[2].rpartition("failed: ")[2].strip()[:_LONGEST_WORDS]
