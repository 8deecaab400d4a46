"""In which order things become durable and leave: read off the system calls, or off a death."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from tests.crash.child import do
from tests.crash.lives import ENVIRONMENT, LIVES, Prepared, Scene
from tests.crash.points import Point

_LINE = re.compile(r"(?P<thread>\d+) +(?P<call>\w+)\((?P<rest>.*)")
_RESUMED = re.compile(r"(?P<thread>\d+) +<\.\.\. (?P<call>\w+) resumed>(?P<rest>.*)")
_PATH = re.compile(r"\d+<(/[^>]*)>")
_NAMES = re.compile(r'"([^"]*)"')


class Call(NamedTuple):
    """A system call that went well: its name, what it was about, and what else it said."""

    name: str
    path: str
    words: str

    @property
    def is_flush(self) -> bool:
        """Whether it makes `path` durable."""
        return self.name in {"fsync", "fdatasync"}


def calls_of(trace: Path) -> Iterator[Call]:
    """The calls in a trace, in the order in which they were done."""
    begun: dict[tuple[str, str], str] = {}
    for line in trace.read_text("utf-8", errors="replace").splitlines():
        if resumed := _RESUMED.match(line):
            words = begun.pop((resumed["thread"], resumed["call"]), "") + resumed["rest"]
            call = resumed["call"]
        elif found := _LINE.match(line):
            call, words = found["call"], found["rest"]
            if words.endswith("<unfinished ...>"):
                begun[found["thread"], call] = words.removesuffix("<unfinished ...>")
                continue
        else:
            continue
        if " = -1 " not in words:
            path = _PATH.search(words)
            names = _NAMES.findall(words)
            yield Call(call, path[1] if path else names[0] if names else "", words)


class Traced(NamedTuple):
    """What an act did, and where."""

    calls: list[Call]
    outbox: Path
    warehouse: Path

    def renames(self, *, below: Path) -> list[tuple[int, Path, Path]]:
        """Where in the calls something below a folder got its name: position, from, to."""
        found = []
        for place, call in enumerate(self.calls):
            if call.name == "rename":
                old, new = map(Path, _NAMES.findall(call.words)[:2])
                if below in new.parents:
                    found.append((place, old, new))
        return found

    def is_flushed(self, path: Path, *, after: int = -1, before: int | None = None) -> bool:
        """Whether `path` was made durable between two calls."""
        return any(
            call.is_flush and call.path == str(path) for call in self.calls[after + 1 : before]
        )


def traced(folder: Path, name: str) -> Traced:
    """Do what a life does, uncut, and watch it."""
    life, trace = LIVES[name], folder / "trace"
    with Prepared(folder / "lives").there(life, folder / "here", []) as scene:
        ended = do(scene.folder, life.act, life.day, environment=ENVIRONMENT, trace=trace)
        assert 0 == ended.code, ended.said
        return Traced(list(calls_of(trace)), scene.outbox, scene.warehouse)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Traced:
    """A first run: a warehouse is made, a batch is written and leaves."""
    return traced(tmp_path_factory.mktemp("run"), "run")


def is_batch_folder(path: Path) -> bool:
    """Whether it is called as a batch's folder is."""
    return path.suffix == "" and path.name.isdecimal()


def test_what_is_renamed_into_place_was_flushed(run: Traced):
    files = [each for each in run.renames(below=run.outbox) if not is_batch_folder(each[2])]

    assert {"manifest.json", "delivery.json", "transfer.json"} <= {new.name for _, _, new in files}
    assert [] == [new.name for place, old, new in files if not run.is_flushed(old, before=place)]


def test_the_name_of_what_was_renamed_is_durable(run: Traced):
    assert [] == [
        new.name
        for place, _, new in run.renames(below=run.outbox)
        if not is_batch_folder(new) and not run.is_flushed(new.parent, after=place)
    ]


def test_nothing_is_written_under_its_own_name(run: Traced):
    """A name that begins with a dot is nobody's; a folder's of that kind neither."""
    written = {
        path
        for call in run.calls
        if call.name in {"write", "pwrite64"} and run.outbox in (path := Path(call.path)).parents
    }

    assert written
    assert [] == [
        path.name
        for path in sorted(written)
        if not any(part.startswith(".") for part in path.relative_to(run.outbox).parts)
    ]


def test_every_file_of_a_batch_was_flushed_before_its_folder_is_there(run: Traced):
    ((place, old, _),) = [
        each for each in run.renames(below=run.outbox) if is_batch_folder(each[2])
    ]
    files = [old / "06_clis.csv", old / "08_products.csv"]

    assert [True, True] == [run.is_flushed(file, before=place) for file in files]


def test_the_name_of_a_batchs_folder_is_durable(run: Traced):
    ((place, _, new),) = [
        each for each in run.renames(below=run.outbox) if is_batch_folder(each[2])
    ]
    until = min(at for at, _, name in run.renames(below=run.outbox) if at > place)

    assert run.is_flushed(new.parent, after=place, before=until)


def test_the_name_of_a_new_warehouse_is_durable(run: Traced):
    ((place, old, new),) = [
        each for each in run.renames(below=run.warehouse.parent) if each[2] == run.warehouse
    ]
    last = max(at for at, call in enumerate(run.calls[:place]) if call.path == str(old))

    assert run.calls[last].is_flush
    assert run.is_flushed(new.parent, after=place)


def test_the_journal_says_so_before_bytes_leave(run: Traced):
    leaves = [
        place
        for place, call in enumerate(run.calls)
        if call.name == "sendto" and '"POST /uploads' in call.words
    ]
    says = [at for at, _, new in run.renames(below=run.outbox) if new.name == "delivery.json"]

    assert 2 == len(leaves)
    # what it says before the first leaves: that nothing has, and that it does
    assert 2 == sum(place < leaves[0] for place in says)


def killed(
    folder: Path, name: str, point: str, look: str
) -> tuple[Scene, list[tuple[object, ...]]]:
    """Kill a life at a point; what is there then, and what the warehouse says to a question."""
    life = LIVES[name]
    with Prepared(folder / "lives").there(life, folder / "here", []) as scene:
        ended = do(scene.folder, life.act, life.day, environment=ENVIRONMENT, point=Point(point))
        assert ended.was_killed, ended.said
        with duckdb.connect(str(scene.warehouse)) as connection:
            return scene, connection.execute(look).fetchall()


def test_the_decision_is_durable_before_the_warehouse_moves(tmp_path: Path):
    scene, _ = killed(tmp_path, "transfer", "before:warehouse.ledger.Ledger.record", "SELECT 1")

    assert (scene.outbox / "000001" / "transfer.json").is_file()


def test_a_batch_is_called_written_once_its_folder_is_there(tmp_path: Path):
    scene, states = killed(
        tmp_path, "run", "after:warehouse.batches.BatchStore.move", "SELECT state FROM out.batch"
    )

    assert [("written",)] == states
    assert (scene.outbox / "000001" / "manifest.json").is_file()


def test_a_claim_that_is_cut_off_was_none(tmp_path: Path):
    _, batches = killed(
        tmp_path, "run", "before:warehouse.ledger.Ledger.record_claim", "SELECT seq FROM out.batch"
    )

    assert [] == batches
