"""The published copy as Parquet, in a folder and in an object store: whole states, exact values."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from flows.console.doctor_view import examine, worst_of
from flows.parquet import open_place
from flows.queue_desk import retry_due
from flows.retention import apply_retention
from flows.retry_queue import drain, retry_queue
from schemas.errors import NotPublished, StaleStatus
from schemas.marts import VIEWS
from tasks.parquet.port import POINTER, Place, PlaceFailed
from tasks.parquet.task import ParquetReceipt, ParquetTerms, publish_as_parquet
from tests.integration.office import Office
from tests.integration.test_published import NAME, NOBODY, NUMBER, SECOND, whose
from tests.object_store import KEY, REGION, SECRET, Bucket, bucket
from tests.running import AS_OF, mart
from warehouse.connection import open_published
from warehouse.parquet import open_to_copy_out, tables_of, write_view
from warehouse.statements import views

SHELL = Path(sys.executable).with_name("duckdb")
FOLDER = '[parquet]\nto = "folder"\npath = "lake"\n'
KINDS = ("folder", "store")


def store_profile(served: Bucket, attempts: int = 3) -> str:
    """A profile whose Parquet files go into a bucket, without waiting between tries."""
    return (
        f'[parquet]\nto = "s3"\nattempts = {attempts}\nfirst_wait_seconds = 0\n'
        f'[parquet.s3]\nurl = "s3://{served.name}/lake"\nendpoint = "{served.endpoint}"\n'
        f'region = "{REGION}"\ntimeout_seconds = 5\n'
    )


@dataclass
class Lake:
    """An office whose copy is published as Parquet, and what is in that place."""

    office: Office
    served: Bucket | None = None

    def names(self) -> set[str]:
        """Everything that is there."""
        if self.served is not None:
            return set(self.served.folder("lake").beneath())
        root = self.office.profile.parquet
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

    def content(self, name: str) -> bytes | None:
        """The bytes of a file, if it is there."""
        if self.served is not None:
            return self.served.folder("lake").content(name)
        try:
            return (self.office.profile.parquet / name).read_bytes()
        except FileNotFoundError:
            return None

    def pointer(self) -> dict[str, Any]:
        """The pointer."""
        content = self.content(POINTER)
        assert content is not None
        return dict(json.loads(content))

    def files(self) -> dict[str, str]:
        """The file of each view."""
        return {view: said["file"] for view, said in self.pointer()["views"].items()}

    def read(self, view: str, folder: Path) -> Path:
        """The file of a view, brought into a folder."""
        content = self.content(self.files()[view])
        assert content is not None
        path = folder / f"{view}.parquet"
        path.write_bytes(content)
        return path

    def renewed(self, quantity: int) -> None:
        """Publish another state, with charges of so many."""
        self.office.change(f"UPDATE out.charge SET quantity = {quantity}")
        retry_due(self.office.profile)

    def is_whole(self) -> bool:
        """Whether all that the pointer names is there, to the byte, and of one state."""
        pointer = self.pointer()
        return all(
            said["sha256"] == hashlib.sha256(self.content(said["file"]) or b"").hexdigest()
            and said["file"] == f"{view}/{said['sha256']}.parquet"
            for view, said in pointer["views"].items()
        )


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket, and its keys in the environment."""
    monkeypatch.setenv("R2B_ACCESS_KEY", KEY)
    monkeypatch.setenv("R2B_SECRET_KEY", SECRET)
    with bucket("analysts") as served:
        yield served


@pytest.fixture
def folder(tmp_path: Path, written: Callable[[Path, int], Office]) -> Lake:
    """One line in batch 1, published before Parquet was asked for."""
    office = written(tmp_path, 1)
    (office.folder / "r2b.toml").write_text(FOLDER)
    return Lake(office)


@pytest.fixture
def store(tmp_path: Path, served: Bucket, written: Callable[[Path, int], Office]) -> Lake:
    """The same, with a bucket."""
    office = written(tmp_path, 1)
    (office.folder / "r2b.toml").write_text(store_profile(served))
    return Lake(office, served)


@pytest.fixture(params=KINDS)
def lake(request: pytest.FixtureRequest) -> Lake:
    """Either of them."""
    return request.getfixturevalue(request.param)


def published(lake: Lake, place: Place | None = None) -> ParquetReceipt:
    """Publish as Parquet what the copy says now."""
    profile = lake.office.profile
    terms = ParquetTerms(profile.settings.tenant.name, personal=True, memory="256MiB")
    return publish_as_parquet(profile.published, place or open_place(profile), terms)


def test_every_view_is_there_to_the_type_and_the_row(lake: Lake, tmp_path: Path):
    lake.office.uploaded()
    pointer = lake.pointer()

    assert sorted(VIEWS) == sorted(pointer["views"])
    assert (str(AS_OF), "default") == (pointer["as_of"], pointer["tenant"])
    assert lake.is_whole()
    with open_published(lake.office.profile.published) as copy:
        for view, said in pointer["views"].items():
            file = lake.read(view, tmp_path)
            with duckdb.connect() as anybody:
                theirs = anybody.execute(f"DESCRIBE FROM '{file}'").fetchall()
                rows = anybody.execute(f"FROM '{file}'").fetchall()
            ours = copy.execute(f"DESCRIBE mart.{view}").fetchall()
            assert [each[:2] for each in ours] == [each[:2] for each in theirs], view
            assert copy.execute(f"FROM mart.{view} ORDER BY ALL").fetchall() == rows
            assert len(rows) == said["rows"]


def test_money_is_exact_in_polars_and_days_are_days(folder: Lake, tmp_path: Path):
    folder.office.uploaded()
    charges = pl.read_parquet(folder.read("charge", tmp_path))

    assert (
        pl.Decimal(38, 4) == charges.schema["value"]
        or pl.Decimal(18, 4) == (charges.schema["value"])
    )
    assert pl.Date == charges.schema["bill_start_on"]
    assert ["11.0000", "20.0000"] == sorted(map(str, charges["value"]))


def test_the_shell_of_an_older_duckdb_follows_the_pointer(folder: Lake):
    folder.office.uploaded()
    asked = (
        "SET VARIABLE charge = (SELECT views.charge.file FROM 'latest.json'); "
        "SELECT sum(value) FROM read_parquet(getvariable('charge'));"
    )
    done = subprocess.run(
        [SHELL, "-csv", "-noheader", ":memory:", asked],
        cwd=folder.office.profile.parquet,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ["31.0000"] == done.stdout.split()


@pytest.mark.parametrize("act", ["uploaded", "abandon", "undo", "run"])
def test_whatever_renews_the_copy_renews_the_files(folder: Lake, act: str):
    if act == "undo":
        folder.office.uploaded()
    getattr(folder.office, act)()

    copy = hashlib.sha256(folder.office.profile.published.read_bytes()).hexdigest()
    assert copy == folder.pointer()["copy"]


def test_a_run_that_failed_renews_them_too(folder: Lake, tmp_path: Path):
    folder.office.uploaded()
    del folder.office.feeds["assets"]

    assert 22 == folder.office.job().exit_code
    runs = pl.read_parquet(folder.read("run", tmp_path))
    assert "failed" in set(runs["status"])


def test_where_nothing_was_published_since_nothing_is_written(store: Lake):
    store.office.uploaded()
    before, asked = store.pointer(), store.served.asked
    asked.clear()

    assert ParquetReceipt() == published(store)
    assert {"GET"} == {method for method, _ in asked}
    assert before == store.pointer()


def test_an_answer_renews_the_views_it_changed_and_no_other(store: Lake):
    first = published(store)
    before = store.files()
    store.served.asked.clear()
    store.office.answer({("L1", "recurring"): "accepted"})
    now = store.files()

    changed = {view for view in now if now[view] != before[view]}
    assert sorted(VIEWS) == list(first.written)
    assert {"charge", "ledger", "batch", "audit"} <= changed
    assert set() == changed & {"price_book", "hold", "repair", "reject"}
    assert {f"/analysts/lake/{name}" for name in {*map(now.get, changed), POINTER}} == {
        path for method, path in store.served.asked if method == "PUT"
    }


def test_a_view_whose_tables_are_as_they_were_is_not_even_read(folder: Lake):
    published(folder)
    (folder.office.folder / "r2b.toml").write_text("")
    folder.office.answer({("L1", "recurring"): "accepted"})
    (folder.office.folder / "r2b.toml").write_text(FOLDER)
    second = published(folder)

    assert "charge" in second.written
    assert "price_book" not in second.written
    assert folder.is_whole()


def test_of_what_was_there_the_last_state_stays_and_no_older_one(lake: Lake):
    named = []
    for quantity in range(3, 6):
        lake.renewed(quantity)
        named.append(set(lake.files().values()))

    assert {POINTER, *named[-1], *named[-2]} == lake.names()
    assert named[0] - named[1] - named[2]


def test_a_file_that_somebody_removed_or_cut_is_brought_again(folder: Lake):
    folder.renewed(2)
    root, files = folder.office.profile.parquet, folder.files()
    (root / files["hold"]).unlink()
    (root / files["run"]).chmod(0o600)
    (root / files["run"]).write_bytes(b"PAR1")
    folder.renewed(3)

    assert folder.is_whole()


def test_files_are_for_their_owner_or_for_the_group_as_the_copy_is(folder: Lake):
    root = folder.office.profile.parquet
    for readers, file, place in (("owner", 0o400, 0o700), ("group", 0o440, 0o750)):
        (folder.office.folder / "r2b.toml").write_text(
            f'{FOLDER}[warehouse]\nreaders = "{readers}"\n'
        )
        folder.renewed(file)
        charge = root / folder.files()["charge"]

        assert [file, file] == [path.stat().st_mode & 0o777 for path in (charge, root / POINTER)]
        assert [place, place] == [path.stat().st_mode & 0o777 for path in (charge.parent, root)]


def said_in(lake: Lake, folder: Path) -> str:
    """Every text of every file that is there."""
    texts = []
    for name in sorted(lake.names() - {POINTER}):
        path = folder / "file.parquet"
        path.write_bytes(lake.content(name) or b"")
        frame = pl.read_parquet(path).select(pl.col(pl.String))
        texts += [text for column in frame for text in column.drop_nulls()]
    return "\n".join(texts)


def test_where_the_copy_names_nobody_neither_do_the_files(tmp_path: Path):
    said = said_in(Lake(whose(tmp_path, NOBODY + FOLDER)), tmp_path)

    assert "affinity_rejected" in said
    for name in (NAME, NUMBER.removeprefix("0"), SECOND.removeprefix("0")):
        assert name not in said


def test_names_that_are_to_be_no_more_go_with_the_state_before(folder: Lake, tmp_path: Path):
    folder.office.uploaded()
    assert "Bakers" in said_in(folder, tmp_path)
    (folder.office.folder / "r2b.toml").write_text(NOBODY + FOLDER)
    folder.renewed(3)

    assert {POINTER, *folder.files().values()} == folder.names()
    assert "Bakers" not in said_in(folder, tmp_path)


def test_after_a_retention_nothing_is_left_but_the_new_state(folder: Lake):
    folder.renewed(3)
    folder.renewed(4)
    assert {POINTER, *folder.files().values()} < folder.names()
    apply_retention(folder.office.profile, actor="Ann")

    assert {POINTER, *folder.files().values()} == folder.names()
    assert folder.is_whole()


def test_readers_see_whole_states_while_others_are_published(lake: Lake):
    """Who finds a file gone looks at the pointer again: it was two states late."""
    lake.renewed(2)
    seen, wrong, is_over = set(), [], threading.Event()

    def look() -> None:
        while not is_over.is_set():
            pointer = lake.pointer()
            bytes_of = {view: lake.content(said["file"]) for view, said in pointer["views"].items()}
            if None in bytes_of.values():
                continue
            wrong.extend(
                view
                for view, content in bytes_of.items()
                if hashlib.sha256(content or b"").hexdigest() != pointer["views"][view]["sha256"]
            )
            seen.add(pointer["copy"])

    reader = threading.Thread(target=look)
    reader.start()
    for quantity in range(3, 9):
        lake.renewed(quantity)
    is_over.set()
    reader.join()

    assert [] == wrong
    assert seen


@pytest.mark.parametrize("do", ["busy", "lost"])
@pytest.mark.parametrize("name", [POINTER, ".parquet"])
def test_a_store_that_is_busy_or_whose_answer_is_lost_is_asked_again(
    store: Lake, do: str, name: str
):
    store.served.misbehave("PUT", name, do)
    store.renewed(3)

    assert store.is_whole()
    assert [0] == [rule.times for rule in store.served.rules]


@pytest.mark.parametrize(
    ("method", "name", "do", "words"),
    [
        ("GET", "/analysts", "refused", "does not let us in"),
        ("PUT", ".parquet", "refused", "does not let us in"),
        ("PUT", POINTER, "refused", "does not let us in"),
        ("PUT", POINTER, "busy", "does not answer as it should (status 503)"),
    ],
)
def test_what_was_done_stands_where_the_files_cannot_follow(
    store: Lake, method: str, name: str, do: str, words: str
):
    store.renewed(3)
    before = store.content(POINTER)
    store.served.misbehave(method, name, do, times=-1)
    store.office.line(1)["quantity"] = "7"
    job = store.office.job(AS_OF + timedelta(days=1))

    assert (51, None) == (job.exit_code, job.receipt)
    assert job.error is not None
    assert words in job.error
    assert "All else is done and stands" in job.error
    for secret in ("127.0.0.1", KEY, SECRET):
        assert secret not in job.error
    last = mart(store.office.folder, "run").sort("started_at").to_dicts()[-1]
    assert ("batch_open", 0) == (last["status"], last["exit_code"])

    store.served.rules.clear()
    assert before == store.content(POINTER)
    assert store.is_whole()
    assert 0 == retry_due(store.office.profile)
    assert last["run_id"] == store.pointer()["run_id"]
    assert store.is_whole()


def test_what_failed_before_is_said_before_the_files(store: Lake):
    store.served.misbehave("GET", "/analysts", "refused", times=-1)
    del store.office.feeds["assets"]

    assert 22 == store.office.job().exit_code


def test_the_queue_bills_although_the_files_cannot_follow(store: Lake):
    store.served.misbehave("GET", "/analysts", "refused", times=-1)

    with pytest.raises(NotPublished, match="Publishing as Parquet"):
        drain(store.office.profile)
    with pytest.raises(NotPublished, match="Publishing as Parquet"):
        retry_queue.fn(str(store.office.folder / "r2b.toml"))


def test_what_may_not_be_removed_is_said_and_the_new_state_is_there(store: Lake):
    store.renewed(3)
    store.renewed(4)
    before = store.files()["charge"]
    for method in ("DELETE", "POST"):
        store.served.misbehave(method, "", "refused", times=-1)

    with pytest.raises(NotPublished, match="new state is there, but what it replaces could not"):
        store.renewed(5)
    assert before != store.files()["charge"]
    assert store.is_whole()


def test_a_late_request_does_not_move_the_pointer_back(store: Lake):
    store.renewed(3)
    place = open_place(store.office.profile)
    seen, old = place.look(), store.content(POINTER) or b""
    store.renewed(4)
    now = store.content(POINTER)

    with pytest.raises(PlaceFailed, match="another program has replaced"):
        place.point(old, seen)
    assert now == store.content(POINTER)


def test_two_that_point_first_are_told_apart(store: Lake):
    place = open_place(store.office.profile)
    seen = place.look()
    place.point(b"the first", seen)

    with pytest.raises(PlaceFailed, match="another program has replaced"):
        place.point(b"the second", seen)
    assert b"the first" == store.content(POINTER)


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (b"{}", "is not of this program"),
        (b"not JSON", "is not of this program"),
        (b'{"format": 1, "views": {"charge": {}}}', "is not of this program"),
        (None, "holds the files of another tenant"),
    ],
)
def test_the_place_of_others_is_left_alone(folder: Lake, there: bytes | None, words: str):
    folder.office.uploaded()
    root = folder.office.profile.parquet
    if there is None:
        there = json.dumps({**folder.pointer(), "tenant": "somebody else"}).encode()
    (root / POINTER).chmod(0o600)
    (root / POINTER).write_bytes(there)
    (root / "notes.txt").write_text("ours")
    before = folder.names()

    assert 51 == folder.office.job().exit_code
    with pytest.raises(NotPublished, match=words):
        published(folder)
    assert (there, before) == (folder.content(POINTER), folder.names())


def test_what_is_not_of_the_form_of_our_files_is_never_removed(lake: Lake):
    others = {"charge/notes.txt", "report/2026.parquet"}
    for name in others:
        if lake.served is None:
            (lake.office.profile.parquet / name).parent.mkdir(parents=True, exist_ok=True)
            (lake.office.profile.parquet / name).write_bytes(b"others'")
        else:
            lake.served.folder("lake").put(name, b"others'")
    for quantity in range(3, 6):
        lake.renewed(quantity)

    assert others <= lake.names()


KILLED = """
import os, signal, sys
from flows.parquet import open_place
from flows.profile import load_profile
from flows.transfer import transfer_to_billing
from pathlib import Path

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

path, before = sys.argv[1:]
setattr(type(open_place(load_profile(Path(path)))), before, die)
transfer_to_billing.fn(1, "Ann", profile_path=path)
"""


@pytest.mark.parametrize(
    ("kind", "before"),
    [("folder", "bring"), ("folder", "point"), ("folder", "remove"), ("store", "point")],
)
def test_killed_between_file_and_pointer_the_state_before_is_whole_and_the_next_run_mends(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, before: str
):
    lake: Lake = request.getfixturevalue(kind)
    lake.renewed(3)
    lake.renewed(4)
    old = lake.content(POINTER)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(lake.office.folder / "r2b.toml"), before],
        check=False,
        capture_output=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert -signal.SIGKILL == done.returncode, done.stderr.decode()
    assert (old == lake.content(POINTER)) is (before != "remove")
    assert lake.is_whole()

    lake.renewed(5)
    assert lake.is_whole()
    assert [Decimal(5)] * 2 == pl.read_parquet(lake.read("charge", tmp_path))["quantity"].to_list()
    beside = lake.office.profile.published.parent
    assert ["r2b.duckdb"] == [path.name for path in beside.iterdir()]


def test_half_a_file_of_a_killed_process_is_swept(folder: Lake):
    folder.renewed(2)
    left = folder.office.profile.parquet / "charge" / f".{'0' * 64}.parquet.part"
    left.write_bytes(b"half")
    folder.renewed(3)

    assert not left.exists()


@pytest.mark.parametrize("memory", ["64MiB", "1GiB"])
def test_the_same_rows_make_the_same_bytes_however_little_memory_there_is(
    tmp_path: Path, memory: str
):
    digests = set()
    for number, order in enumerate(("number", "hash(number)")):
        copy = tmp_path / f"{number}.duckdb"
        with duckdb.connect(str(copy)) as made:
            made.execute("CREATE SCHEMA mart")
            made.execute(
                "CREATE TABLE rows AS SELECT md5(CAST(number AS VARCHAR)) AS text, "
                "CAST(number AS DECIMAL(18, 4)) / 8 AS value "
                f"FROM range(400000) AS numbers (number) ORDER BY {order}"
            )
            made.execute("CREATE VIEW mart.many AS FROM rows")
        file = tmp_path / f"{number}" / "many.parquet"
        file.parent.mkdir()
        with open_to_copy_out(copy, file.parent, memory=memory) as connection:
            assert 400_000 == write_view(connection, "many", file)
        digests.add(hashlib.sha256(file.read_bytes()).hexdigest())

    assert 1 == len(digests)


def test_who_writes_the_files_reaches_no_others(folder: Lake, tmp_path: Path):
    (tmp_path / "into").mkdir()
    with open_to_copy_out(
        folder.office.profile.published, tmp_path / "into", memory="64MiB"
    ) as connection:
        for sql in (
            f"COPY (SELECT 1) TO '{tmp_path}/else.parquet' (FORMAT parquet)",
            "FROM read_csv('/etc/passwd')",
            "SET threads = 9",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(sql)


def test_the_tables_of_a_view_are_all_that_its_text_names(folder: Lake):
    """DuckDB says them: a view of which one was missed would be taken for unchanged."""
    texts = views()

    def named(view: str) -> set[str]:
        words = set(duckdb_names(texts[view])) - {f"mart.{view}"}
        return {
            table
            for word in words
            for table in (named(word.removeprefix("mart.")) if word.startswith("mart.") else {word})
        }

    with open_published(folder.office.profile.published) as connection:
        for view in texts:
            found = {each.replace('"', "") for each in tables_of(connection, view)}
            assert named(view) == found, view


def duckdb_names(text: str) -> list[str]:
    """Every `schema.name` that a statement says, comments left out."""
    lines = [line.partition("--")[0] for line in text.splitlines()]
    schemas = ("core", "out", "ops", "mart")
    words = " ".join(lines).replace("(", " ").replace(")", " ").replace(";", " ").split()
    return [word.strip(",") for word in words if word.partition(".")[0] in schemas]


def test_a_copy_that_cannot_be_read_is_told_in_words(folder: Lake):
    folder.office.uploaded()
    folder.office.profile.published.chmod(0o600)
    folder.office.profile.published.write_bytes(b"no database")

    with pytest.raises(StaleStatus, match="cannot be read"):
        published(folder)


def test_too_little_memory_is_told_in_words(tmp_path: Path):
    (tmp_path / "into").mkdir()
    copy = tmp_path / "copy.duckdb"
    duckdb.connect(str(copy)).close()

    with (
        pytest.raises(Exception, match="the memory it may use is not enough"),
        open_to_copy_out(copy, tmp_path / "into", memory="16MiB") as connection,
    ):
        connection.execute("SELECT list(number) FROM range(20000000) AS numbers (number)")


def parquet_finding(lake: Lake) -> tuple[str, int]:
    """What the doctor says of the place, and what it ends with."""
    findings = examine(lake.office.folder / "r2b.toml")
    (found,) = [each for each in findings if each.what == "Parquet"]
    return found.verdict, worst_of(findings)


def test_the_doctor_asks_whether_the_place_answers(lake: Lake):
    lake.renewed(3)
    kind = "the folder" if lake.served is None else "the object store"

    assert (
        f"{kind} answers, with {len(lake.names()) - 1} files of views in it"
        == (parquet_finding(lake)[0])
    )


def test_the_doctor_sees_that_the_store_does_not_let_us_in(store: Lake):
    store.office.save()
    store.served.misbehave("GET", "/analysts", "refused", times=-1)

    assert ("the object store does not let us in", 51) == parquet_finding(store)
    (store.office.folder / "feeds" / "sites.csv").unlink()
    assert 22 == parquet_finding(store)[1]


def test_the_doctor_sees_that_a_key_is_missing(store: Lake, monkeypatch: pytest.MonkeyPatch):
    store.office.save()
    monkeypatch.delenv("R2B_SECRET_KEY")

    verdict, code = parquet_finding(store)
    assert ("R2B_SECRET_KEY is not" in verdict, code) == (True, 51)


def test_where_no_files_are_asked_for_the_doctor_says_nothing_of_them(folder: Lake):
    (folder.office.folder / "r2b.toml").write_text("")

    assert "Parquet" not in {each.what for each in examine(folder.office.folder / "r2b.toml")}
