"""Numbered SQL, run once each, recorded in the same transaction as what it changed."""

import hashlib
from importlib.resources import files
from typing import NamedTuple

import duckdb

from schemas.errors import MigrationFailed
from warehouse.queries import scalar
from warehouse.statements import views

BOOK = """
CREATE TABLE IF NOT EXISTS main.migration (
    number INTEGER,
    name VARCHAR,
    sha256 VARCHAR,
    applied_at TIMESTAMP
)
"""
"""Which migrations have run; `ops.migration` shows it."""


class Migration(NamedTuple):
    """One step from one shape of the warehouse to the next."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """What the book remembers, so that an edited migration is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """All migrations, in order: `migrations/<four digits>_<name>.sql`."""
    found = []
    for entry in (files("warehouse") / "migrations").iterdir():
        if entry.name.endswith(".sql"):
            number, _, name = entry.name.removesuffix(".sql").partition("_")
            found.append(Migration(int(number), name, entry.read_text(encoding="utf-8")))
    return sorted(found)


def migrate(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """Run what has not run yet; returns the numbers that ran. Views of another kind are renewed.

    Raises:
        MigrationFailed: the warehouse is newer than this program, was made by an edited migration,
            or a statement failed; the warehouse is as it was before.
    """
    connection.execute(BOOK)
    done = dict(
        connection.execute("SELECT number, sha256 FROM main.migration ORDER BY number").fetchall()
    )
    known = {migration.number: migration for migration in migrations()}
    _refuse_strangers(done, known)
    ran = []
    for number, migration in known.items():
        if number in done:
            continue
        connection.begin()
        try:
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO main.migration "
                "VALUES ($number, $name, $sha256, current_timestamp::TIMESTAMP)",
                {"number": number, "name": migration.name, "sha256": migration.sha256},
            )
        except duckdb.Error as error:
            connection.rollback()
            raise MigrationFailed(
                f"Migration {number:04d} ({migration.name}) failed: {error}",
                hint="The warehouse is as it was; report this with the message above.",
            ) from error
        connection.commit()
        ran.append(number)
    _renew_views(connection, all_of_them=bool(ran))
    if ran:
        connection.execute("CHECKPOINT")
    return ran


def is_behind(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether an older version left it so, and no run has brought it up to date since."""
    newest = scalar(connection, "SELECT max(number) FROM main.migration")
    return newest < migrations()[-1].number


def _renew_views(connection: duckdb.DuckDBPyConnection, *, all_of_them: bool) -> None:
    """Make the views that are not there as this program makes them; each carries its digest.

    All of them where a table may have changed: a view remembers what its columns were.
    """
    found = connection.execute(
        "SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'mart'"
    )
    kept = {} if all_of_them else dict(found.fetchall())
    digests = {name: hashlib.sha256(view.encode()).hexdigest() for name, view in views().items()}
    connection.begin()
    for name in (name for name, sha256 in digests.items() if kept.get(name) != sha256):
        connection.execute(views()[name])
        connection.execute(f"COMMENT ON VIEW mart.{name} IS '{digests[name]}'")
    connection.commit()


def _refuse_strangers(done: dict[int, str], known: dict[int, Migration]) -> None:
    newest = max(known)
    if done and max(done) > newest:
        raise MigrationFailed(
            f"The warehouse was made by a newer version (migration {max(done):04d}; "
            f"this program knows {newest:04d}).",
            hint="Update the program.",
        )
    for number, sha256 in done.items():
        if number not in known or known[number].sha256 != sha256:
            raise MigrationFailed(
                f"Migration {number:04d} of this warehouse is not the one this program has.",
                hint="A landed migration was edited: restore it, or restore the warehouse.",
            )
