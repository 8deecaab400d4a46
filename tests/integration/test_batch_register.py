"""The register that all copies of a tenant share: a number is given out once, whatever happens."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from flows.console.doctor_view import Finding, examine
from flows.register import open_register
from flows.verify import verify
from schemas.errors import IllegalTransition, ProfileWrong
from schemas.receipts import SealedBatch
from tasks.outbox.durable import MANIFEST
from tasks.register.port import EnteredElsewhere, Entry
from tests.concurrent.actors import Actor, Button, Outcome, together
from tests.crash.child import do
from tests.crash.points import Point
from tests.integration.office import Office
from tests.loopback import self_signed
from tests.postgres import Line, Postgres, RegisterDatabase, line_to, postgres
from tests.running import AS_OF
from warehouse.connection import file_sha256

ROOT = Path(__file__).parents[2]
PASSWORD = "R2B_REGISTER_PASSWORD"  # noqa: S105  where it is, not what it is
ENTERED = [("default", 1)]
BATCH = SealedBatch(
    seq=1,
    manifest_sha256="d1",
    previous_manifest_sha256=None,
    as_of=AS_OF,
    row_count=6,
    value=Decimal("62.0000"),
    claimed_at=datetime(2026, 3, 31, 9, tzinfo=UTC),
    run_id="R1",
)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server for the tests of this module, each of which has a database of its own."""
    with postgres() as served:
        yield served


@pytest.fixture
def database(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> RegisterDatabase:
    """An empty database; we are let in."""
    monkeypatch.setenv(PASSWORD, server.password)
    return server.new_database()


@pytest.fixture
def line(server: Postgres) -> Iterator[Line]:
    """A line to the server that can be cut."""
    with line_to(server) as passing:
        yield passing


def office_of(database: RegisterDatabase, folder: Path, port: int | None = None) -> Office:
    """An office with a register, its feeds on disk."""
    office = Office(folder, profile=database.profile(port=port))
    office.save()
    return office


def sealed(office: Office, seq: int = 1) -> str:
    """The digest of the manifest that lies in the outbox."""
    return file_sha256(office.batch(seq) / MANIFEST)


def digests(database: RegisterDatabase) -> list[str]:
    """The manifests' digests in the register, in order."""
    return [row[0] for row in database.asked("SELECT manifest_sha256 FROM r2b.batch ORDER BY seq")]


def test_a_batch_is_entered_as_its_manifest_seals_it(database: RegisterDatabase, tmp_path: Path):
    office = office_of(database, tmp_path / "office")
    office.run()
    office.uploaded()
    office.add_line(3)
    office.run()
    office.run()

    rows = database.asked(
        "SELECT tenant, seq, manifest_sha256, previous_manifest_sha256, as_of, row_count, value, "
        "claimed_at <= entered_at AND entered_at <= now(), entered_by FROM r2b.batch ORDER BY seq"
    )
    common = (True, f"{os.uname().nodename}:{office.profile.outbox}")
    first, second = sealed(office), sealed(office, 2)
    assert [
        ("default", 1, first, None, AS_OF, 6, Decimal("62.0000"), *common),
        ("default", 2, second, first, AS_OF, 3, Decimal("31.0000"), *common),
    ] == rows


def test_batches_from_before_there_was_one_are_entered_first(
    database: RegisterDatabase, tmp_path: Path
):
    office = Office(tmp_path / "office")
    office.run()
    office.uploaded()
    office.add_line(3)
    office.run()
    (office.folder / "r2b.toml").write_text(database.profile())
    office.run()

    assert [sealed(office), sealed(office, 2)] == digests(database)


def test_a_register_that_lost_entries_gets_them_again(database: RegisterDatabase, tmp_path: Path):
    office = office_of(database, tmp_path / "office")
    office.run()
    database.asked("DELETE FROM r2b.batch")
    office.uploaded()
    assert [sealed(office)] == digests(database)

    office.add_line(3)
    office.run()
    database.asked("DELETE FROM r2b.batch WHERE seq = 1")
    office.uploaded(2)
    assert [sealed(office), sealed(office, 2)] == digests(database)


def test_a_copy_that_is_behind_does_nothing(database: RegisterDatabase, tmp_path: Path):
    office = office_of(database, tmp_path / "office")
    office.run()
    copy = office.copied(tmp_path / "copy")
    office.uploaded()
    office.add_line(3)
    office.run()

    copy.add_line(4)
    job = copy.job()
    before = copy.query("FROM ops.run")
    with pytest.raises(IllegalTransition, match=r"batch 2 was entered by .* from another copy"):
        copy.uploaded()
    with pytest.raises(IllegalTransition, match="batch 2 was entered"):
        copy.undo()

    assert 60 == job.exit_code
    assert "batch 2 was entered by" in str(job.error)
    assert "see docs/how-to/keep-a-register.md" in str(job.error)
    assert ["000001"] == sorted(path.name for path in copy.profile.outbox.glob("0*"))
    assert before == copy.query("FROM ops.run")
    assert [sealed(office), sealed(office, 2)] == digests(database)


def test_a_copy_whose_batch_is_another_of_the_same_number_does_nothing(
    database: RegisterDatabase, tmp_path: Path
):
    office_of(database, tmp_path / "office").run()
    other = Office(tmp_path / "other")
    other.run()
    (other.folder / "r2b.toml").write_text(database.profile())

    assert 60 == other.job().exit_code
    assert ENTERED == database.entries()


def test_tenants_do_not_meet(database: RegisterDatabase, tmp_path: Path):
    for name in ("north", "south"):
        office = office_of(database, tmp_path / name)
        profile = office.folder / "r2b.toml"
        profile.write_text(f'[tenant]\nname = "{name}"\n{profile.read_text()}')
        office.run()

    assert [("north", 1), ("south", 1)] == database.entries()


def test_a_claim_that_came_to_the_same_bytes_is_another(database: RegisterDatabase, tmp_path: Path):
    office = office_of(database, tmp_path / "office")
    register = open_register(office.profile)
    register.enter([BATCH])
    register.enter([BATCH])  # twice is once
    # written again after the profile was changed: the same claim, and it has not left
    register.enter([replace(BATCH, manifest_sha256="d0")])
    assert ["d0"] == digests(database)

    for change in (
        {"run_id": "R2"},
        {"run_id": None},
        {"claimed_at": BATCH.claimed_at + timedelta(microseconds=1)},
    ):
        with pytest.raises(EnteredElsewhere):
            register.enter([replace(BATCH, **change)])
    with pytest.raises(EnteredElsewhere):  # a copy that was made of a claimed batch
        open_register(office_of(database, tmp_path / "copy").profile).enter([BATCH])
    published = replace(BATCH, manifest_sha256="d0", is_published=True)
    register.enter([published])
    register.enter([published])
    # a backup from when it was claimed
    for claimed in (BATCH, replace(published, is_published=False)):
        with pytest.raises(EnteredElsewhere):
            register.enter([claimed])

    assert ["d0"] == digests(database)


def test_a_batch_follows_the_one_it_names_or_is_not_entered(
    database: RegisterDatabase, tmp_path: Path
):
    register = open_register(office_of(database, tmp_path / "office").profile)
    second = replace(BATCH, seq=2, manifest_sha256="d2", previous_manifest_sha256="d1")
    third = replace(second, seq=3, manifest_sha256="d3", previous_manifest_sha256="d2")
    with pytest.raises(EnteredElsewhere):
        register.enter([second])
    register.enter([BATCH])
    for wrong in (replace(second, previous_manifest_sha256="other"), third):
        with pytest.raises(EnteredElsewhere):
            register.enter([wrong])
    with pytest.raises(EnteredElsewhere):
        register.enter([second, replace(third, seq=4)])  # all or none
    assert ENTERED == database.entries()
    register.enter([second, third])

    third_entry = Entry(3, "d3", BATCH.claimed_at, "R1", is_published=False, by=register.place)
    assert third_entry == register.entries()[-1]


@pytest.mark.parametrize("round_", range(4))
def test_of_copies_that_claim_at_the_same_moment_one_does(
    database: RegisterDatabase, server: Postgres, tmp_path: Path, round_: int
):
    """Each is a process on a warehouse and an outbox of its own, so no lock of files helps.

    What they claim is the same to the byte where they do it in the same second.
    """
    first = office_of(database, tmp_path / "copy-0")
    first.run()
    first.uploaded()
    first.add_line(3)
    first.save()
    copies = [first, *(first.copied(tmp_path / f"copy-{number}") for number in range(1, 4))]

    outcomes = at_once(copies, server)

    codes = sorted(each.code for each in outcomes)
    written = [copy for copy in copies if (copy.batch(2) / MANIFEST).is_file()]
    assert [0, 60, 60, 60] == codes
    assert 1 == len(written)
    assert [sealed(first), sealed(written[0], 2)] == digests(database)

    # and it stays so: who lost says so, who won goes on
    again = at_once(copies, server)
    assert codes == sorted(each.code for each in again)
    assert [("default", 1), ("default", 2)] == database.entries()
    assert written == [copy for copy in copies if (copy.batch(2) / MANIFEST).is_file()]


def at_once(copies: list[Office], server: Postgres) -> list[Outcome]:
    """A run of each, all at the same moment."""
    actor = Actor((Button("run"),), tries_again=False, seed=1)
    pairs = [(copy.folder, actor) for copy in copies]
    said = together(pairs, AS_OF, {PASSWORD: server.password})
    return [outcome for outcomes in said for outcome in outcomes]


@pytest.mark.parametrize(
    ("place", "entered"),
    [
        ("after:warehouse.batches.BatchStore.sealed", []),
        ("before:tasks.outbox.durable.publish_folder", ENTERED),
        ("after:tasks.outbox.durable.publish_folder", ENTERED),
    ],
)
def test_killed_beside_the_entry_it_is_entered_once(
    database: RegisterDatabase,
    server: Postgres,
    tmp_path: Path,
    place: str,
    entered: list[tuple[str, int]],
):
    office = office_of(database, tmp_path / "office")
    office.run()  # nothing is ready on the day before it begins
    database.asked("DELETE FROM r2b.batch")
    office = office_of(database, tmp_path / "killed")
    ended = do(
        office.folder, "run", AS_OF, environment={PASSWORD: server.password}, point=Point(place)
    )
    there = database.entries()
    office.run()

    assert ended.was_killed
    assert entered == there
    assert [sealed(office)] == digests(database)
    assert [("written",)] == office.query("SELECT state FROM out.batch")


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_claim_that_is_written_again_under_a_changed_profile_is_still_ours(
    database: RegisterDatabase, server: Postgres, tmp_path: Path, place: str
):
    """The manifest names the profile, so its digest is another one."""
    office = office_of(database, tmp_path / "office")
    place = {
        "before": "before:tasks.outbox.durable.publish_folder",
        "after": "after:warehouse.batches.BatchStore.sealed",
    }[place]
    environment = {PASSWORD: server.password}
    first = Point("before:tasks.outbox.durable.publish_folder")
    assert do(office.folder, "run", AS_OF, environment=environment, point=first).was_killed
    before = digests(database)
    profile = office.folder / "r2b.toml"
    profile.write_text(f"[delivery]\nmax_open_batches = 2\n{profile.read_text('utf-8')}")
    assert do(office.folder, "run", AS_OF, environment=environment, point=Point(place)).was_killed
    office.run()

    assert before != digests(database)
    assert [sealed(office)] == digests(database)
    assert ENTERED == database.entries()


def test_of_copies_of_a_claimed_batch_the_one_that_entered_it_goes_on(
    database: RegisterDatabase, server: Postgres, tmp_path: Path
):
    office = office_of(database, tmp_path / "office")
    place = Point("before:tasks.outbox.durable.publish_folder")
    do(office.folder, "run", AS_OF, environment={PASSWORD: server.password}, point=place)
    copy = office.copied(tmp_path / "copy")

    assert 60 == copy.job().exit_code
    assert not copy.batch().exists()
    office.run()
    assert [sealed(office)] == digests(database)


def test_a_backup_of_a_claimed_batch_that_is_restored_in_place_does_not_publish_it_again(
    database: RegisterDatabase, line: Line, tmp_path: Path
):
    office = office_of(database, tmp_path / "office", line.port)
    line.open_for = 1
    assert 80 == office.job().exit_code
    shutil.copytree(office.folder, tmp_path / "backup")
    line.open_for = None
    office.run()
    office.uploaded()
    shutil.rmtree(office.folder)
    (tmp_path / "backup").rename(office.folder)

    assert 60 == office.job().exit_code
    assert not office.batch().exists()


@pytest.mark.parametrize("lock", ["after login", "at the commit"])
def test_an_answer_that_never_comes_is_waited_for_a_while_only(
    database: RegisterDatabase, line: Line, tmp_path: Path, lock: str
):
    profile = database.profile(port=line.port, more="attempts = 1", place="timeout_seconds = 0.5")
    office = Office(tmp_path / "office", profile=profile)
    open_register(office.profile).enter([])
    line.stalls_at, line.times = {"after login": b"pg_class", "at the commit": b"COMMIT"}[lock], 1
    job = office.job()
    line.let_go()

    assert 80 == job.exit_code
    assert "the register gives no answer" in str(job.error)


def test_a_table_without_its_key_is_no_register(database: RegisterDatabase, tmp_path: Path):
    office = office_of(database, tmp_path / "office")
    open_register(office.profile).enter([])
    database.asked("ALTER TABLE r2b.batch DROP CONSTRAINT batch_pkey")
    job = office.job()

    assert 10 == job.exit_code
    assert "no unique or exclusion constraint" in str(job.error)
    assert not office.batch().exists()


def test_a_database_of_another_encoding_is_one_as_well(
    server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(PASSWORD, server.password)
    monkeypatch.setenv("PGCLIENTENCODING", "SQL_ASCII")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))  # and nobody encrypts
    name = "r2b_plain_bytes"
    server.asked(
        f"CREATE DATABASE {name} OWNER r2b ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"
    )
    database = RegisterDatabase(server, name)
    office = Office(tmp_path / "Łódź", profile=f'[tenant]\nname = "Łódź"\n{database.profile()}')
    office.run()
    office.run()

    assert 1 == len(open_register(office.profile).entries())


def test_to_look_at_it_makes_no_table(database: RegisterDatabase, tmp_path: Path):
    office = office_of(database, tmp_path / "office")
    examine(office.folder / "r2b.toml")
    verify(office.profile)

    assert [] == database.asked("SELECT FROM pg_namespace WHERE nspname = 'r2b'")


@pytest.mark.parametrize("cut", ["before", "after"])
def test_an_answer_that_is_lost_is_asked_for_again(
    database: RegisterDatabase, line: Line, tmp_path: Path, cut: str
):
    office = office_of(database, tmp_path / "office", line.port)
    open_register(office.profile).enter([])  # makes the table
    line.cut = cut
    office.run()

    assert 0 == line.times
    assert [sealed(office)] == digests(database)


@pytest.mark.parametrize("cut", ["before", "after"])
def test_who_never_hears_of_the_entry_puts_nothing_into_the_outbox(
    database: RegisterDatabase, line: Line, tmp_path: Path, cut: str
):
    office = office_of(database, tmp_path / "office", line.port)
    open_register(office.profile).enter([])
    line.cut, line.times = cut, -1
    # the first look of a run commits as well, having read only
    job = office.job()
    assert (80, "the register gives no answer") == (job.exit_code, words(job.error))

    line.cut, line.open_for = None, 1
    job = office.job()
    assert (80, "the register gives no answer") == (job.exit_code, words(job.error))
    assert "Entering batch 1 in the register" in str(job.error)
    assert "run again: nothing is lost" in str(job.error)
    assert not office.batch().exists()
    assert [("claimed",)] == office.query("SELECT state FROM out.batch")

    line.open_for = None
    office.run()
    assert [sealed(office)] == digests(database)


def words(error: str | None) -> str:
    """What is said of the register, without what PostgreSQL says."""
    return "the register gives no answer" if "the register gives no answer" in str(error) else ""


def test_what_another_copy_took_meanwhile_does_not_leave(
    database: RegisterDatabase, line: Line, tmp_path: Path
):
    """Claimed, and then the line went; when it is back the number has been given to another."""
    office = office_of(database, tmp_path / "office", line.port)
    line.open_for = 1
    assert 80 == office.job().exit_code
    other = office_of(database, tmp_path / "other")
    other.run()
    line.open_for = None
    job = office.job()

    assert 60 == job.exit_code
    assert "batch 1 was entered by" in str(job.error)
    assert not office.batch().exists()
    assert [sealed(other)] == digests(database)


def test_without_the_server_nothing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with postgres() as server:
        monkeypatch.setenv(PASSWORD, server.password)
        office = office_of(server.new_database(), tmp_path / "office")
        office.run()
        office.uploaded()
    office.add_line(3)
    job = office.job()

    assert 80 == job.exit_code
    assert "Starting on warehouse.duckdb: the register gives no answer" in str(job.error)
    assert [(1,)] == office.query("SELECT seq FROM out.batch")


def test_who_may_only_use_a_schema_made_for_it_can(
    database: RegisterDatabase, server: Postgres, tmp_path: Path
):
    database.asked("CREATE SCHEMA billing")
    database.asked("GRANT USAGE, CREATE ON SCHEMA billing TO r2b")
    server.asked(f'ALTER DATABASE "{database.name}" OWNER TO owner')
    office = Office(tmp_path / "office", profile=database.profile(place='schema_name = "billing"'))
    office.run()
    (office.folder / "r2b.toml").write_text(database.profile())
    refused = office.job()

    assert [(1,)] == database.asked("SELECT seq FROM billing.batch")
    assert 10 == refused.exit_code
    assert "the register cannot be used: permission denied" in str(refused.error)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("", "password authentication failed"),
        ('username = "nobody"', "password authentication failed"),
        ('database = "none"', "does not exist"),
        ('host = "a..b"', "no text it can take"),
    ],
)
def test_what_the_server_says_of_us_is_told(
    database: RegisterDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    said: str,
):
    if not place:
        monkeypatch.setenv(PASSWORD, "canary-of-the-password")
    profile = database.profile(place=place.replace("database", "#"))
    if "database" in place:
        profile = profile.replace(f'database = "{database.name}"', place)
    if "host" in place:
        profile = database.profile(place="encrypted = true").replace('host = "127.0.0.1"', place)
    office = Office(tmp_path / "office", profile=profile)
    job = office.job()

    assert (10 if "host" in place else 80) == job.exit_code
    assert said in str(job.error)
    assert "canary" not in str(job.error)


def test_verify_compares_all_of_it(database: RegisterDatabase, line: Line, tmp_path: Path):
    office = office_of(database, tmp_path / "office", line.port)
    office.run()
    office.uploaded()
    office.add_line(3)
    office.run()
    assert [("register", (), 0)] == verified(office)

    database.asked("UPDATE r2b.batch SET manifest_sha256 = 'd', entered_by = 'north' WHERE seq = 1")
    database.asked("UPDATE r2b.batch SET seq = 9, entered_by = 'south' WHERE seq = 2")
    ((_, wrong, code),) = verified(office)
    assert 60 == code
    assert wrong == (
        "batch 1: it is another one there; north entered it",
        "batch 9: the warehouse does not know it; south entered it",
        "batch 2: it is not there",
    )

    line.open_for = 0
    ((_, wrong, code),) = verified(office)
    assert 80 == code
    assert "Reading the register: the register gives no answer" in wrong[0]


def verified(office: Office) -> list[tuple[str, tuple[str, ...], int]]:
    """What verifying says of the register; all else is whole."""
    checks = verify(office.profile)
    assert all(each.is_ok for each in checks if each.name != "register")
    return [(each.name, each.wrong, each.exit_code) for each in checks if each.name == "register"]


def test_of_many_who_find_no_table_one_makes_it(database: RegisterDatabase, tmp_path: Path):
    profile = office_of(database, tmp_path / "office").profile
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: open_register(profile).enter([]), range(16)))

    assert [] == database.entries()


def test_the_server_is_known_by_its_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    ours, others = self_signed(tmp_path / "ours.pem"), self_signed(tmp_path / "others.pem")
    codes = []
    with postgres(encrypted_by=ours) as server:
        monkeypatch.setenv(PASSWORD, server.password)
        database = server.new_database()
        for name, certificates, of_the_system in (
            ("known", ours, others),
            ("unknown", others, ours),
            ("known to the system", None, ours),
            ("unknown to the system", None, others),
        ):
            monkeypatch.setenv("SSL_CERT_FILE", str(of_the_system))
            place = f'certificates = "{certificates}"' if certificates else ""
            office = Office(
                tmp_path / name, profile=database.profile(place=f"encrypted = true\n{place}")
            )
            job = office.job()
            codes.append(job.exit_code)
            assert job.exit_code == 0 or "certificate verify failed" in str(job.error)
            database.asked("DROP SCHEMA IF EXISTS r2b CASCADE")

        assert [0, 80, 0, 80] == codes


def test_a_server_that_does_not_encrypt_is_refused_where_it_should(
    database: RegisterDatabase, tmp_path: Path
):
    office = Office(tmp_path / "office", profile=database.profile(place="encrypted = true"))
    job = office.job()

    assert 80 == job.exit_code
    assert "does not support SSL" in str(job.error)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "kept in postgresql needs batch_register.postgresql.host"),
        ('host = "db.example"\nencrypted = false', "for a database on this machine only"),
        ('host = "a,b"', "the name or address of one host"),
        ('host = "/run/postgresql"', "the name or address of one host"),
        ('host = "127.0.0.1"\nschema_name = "a%b"', "schema_name"),
    ],
)
def test_a_profile_that_names_no_safe_place_is_refused(tmp_path: Path, lines: str, said: str):
    office = Office(
        tmp_path / "office",
        profile=f'[batch_register]\nkept = "postgresql"\n[batch_register.postgresql]\n{lines}\n',
    )
    with pytest.raises(ProfileWrong, match=said):
        _ = office.profile


def test_postgresqls_own_variables_do_not_decide_where_it_is(
    database: RegisterDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as said:
        for name, value in {
            "PGHOST": "127.0.0.2",
            "PGHOSTADDR": "127.0.0.2",
            "PGPORT": "1",
            "PGDATABASE": "none",
            "PGUSER": "nobody",
            "PGOPTIONS": "-c default_transaction_read_only=on",
        }.items():
            said.setenv(name, value)
        office_of(database, tmp_path / "office").run()

    assert ENTERED == database.entries()


def test_the_doctor_asks_it_once(database: RegisterDatabase, tmp_path: Path, line: Line):
    office = office_of(database, tmp_path / "office", line.port)
    path = office.folder / "r2b.toml"

    assert [("in PostgreSQL, with no batch in it", 0)] == found(path)
    office.run()
    assert [("in PostgreSQL, with batch 1 as its last", 0)] == found(path)
    line.open_for = 0
    ((said, code),) = found(path)
    assert ("it gives no answer", 80) == (said.partition(":")[0], code)
    path.write_text("")
    assert [] == found(path)


def found(profile: Path) -> list[tuple[str, int]]:
    """What the doctor says of the register."""

    def is_of_it(finding: Finding) -> bool:
        return finding.what == "register"

    return [(each.verdict, each.exit_code) for each in filter(is_of_it, examine(profile))]


def test_what_the_page_tells_people_to_say_to_the_database_works(
    server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    page = (ROOT / "docs/how-to/keep-a-register.md").read_text("utf-8")
    prepare, look, forget = re.findall(r"```postgresql\n(.*?)```", page, re.DOTALL)
    empty = server.new_database()
    for words in ("ROLE", "AUTHORIZATION"):  # the server has an r2b already
        prepare = prepare.replace(f"{words} r2b", f"{words} r2b_of_the_page")
    empty.asked(prepare)
    monkeypatch.setenv(PASSWORD, "...")
    profile = empty.profile(place='username = "r2b_of_the_page"')
    office = Office(tmp_path / "office", profile=f'[tenant]\nname = "northwind"\n{profile}')
    office.run()

    assert [1] == [row[0] for row in empty.asked(look)]
    empty.asked(forget.replace("41", "0"))
    assert [] == empty.asked(look)


def test_where_there_is_none_nothing_of_it_is_needed(tmp_path: Path):
    office = Office(tmp_path / "office")
    office.save()
    program = (
        "import sys; sys.modules['psycopg'] = None; from pathlib import Path;"
        "from tests.running import run_job;"
        f"folder = Path({str(office.folder)!r}); assert run_job(folder).exit_code == 0;"
        "profile = folder / 'r2b.toml'; profile.write_text('[batch_register]\\nkept = '"
        '\'"postgresql"\\n[batch_register.postgresql]\\nhost = "127.0.0.1"\');'
        "print(run_job(folder).error)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert "what speaks to PostgreSQL is not installed" in said.stdout
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "postgres" in extras["optional-dependencies"]
