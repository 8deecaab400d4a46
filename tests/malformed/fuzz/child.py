"""A life in a process of its own, which is watched, bounded and may die.

Processes are forked from one that has imported the program, which is what takes long.
"""

import http.server
import multiprocessing
import os
import pickle
import resource
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from flows.billing_run import billing_run
from flows.console.answering import fail
from flows.console.main import main
from flows.console.quiet import hush_prefect
from flows.transfer import transfer_to_billing
from schemas.errors import R2BError
from schemas.receipts import RunReceipt
from tests.loopback import answering
from tests.malformed.fuzz.damage import damaged
from tests.malformed.fuzz.lives import MANIFEST, Life, Step, has_manifest
from tests.malformed.fuzz.valid import day, files, manifest, profile
from tests.oracle.reading import split_records
from tests.running import mart
from warehouse.connection import prepare_warehouse

ADDRESS_SPACE = 16 << 30
"""The most a life may ask for, so that a bomb ends in an error and not with the machine."""
UNTIL_HUNG = 300.0
_GZIP = b"\x1f\x8b"

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


@dataclass
class Answer:
    """How an act ended, and what could be seen of it. Money is exact."""

    step: Step
    code: int = 99
    out: str = ""
    err: str = ""
    seconds: float = 0.0
    """Of the processor."""
    damaged: tuple[str, ...] = ()
    """Damages that changed a byte: the file's suffix and the kind."""
    feeds: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    rejects: list[dict[str, Any]] = field(default_factory=list)
    dispositions: Mapping[str, tuple[int, Decimal]] = field(default_factory=dict)
    batches: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    """The folders in the outbox before and after."""
    outcomes: Mapping[str, str] = field(default_factory=dict)
    """What the books say Affinity made of each row."""
    row_keys: frozenset[str] = frozenset()
    """Of the batch."""


@dataclass(frozen=True)
class Lived:
    """How a life's process ended, what it answered, and what it took.

    `peak`: the most memory it held, in MiB; `seconds`: of the processor.
    """

    answers: list[Answer]
    exit_code: int
    hung: bool
    peak: int
    seconds: float = 0.0


def live(life: Life, place: Path) -> Lived:
    """Live it below `place` in a process of its own; what it read stays in `place`/seen."""
    _prepare(place, life)
    process = _context.Process(target=_obey, args=(life, str(place)))
    process.start()
    process.join(UNTIL_HUNG)
    hung = process.is_alive()
    if hung:
        process.kill()
        process.join()
    if (broken := place / "broken").exists():
        raise AssertionError(broken.read_text("utf-8"))
    said = place / "answers"
    answers: list[Answer] = []
    if said.exists():
        with said.open("rb") as source:
            while (answer := _next(source)) is not None:
                answers.append(answer)
    took = place / "took"
    peak, seconds = took.read_text("ascii").split() if took.exists() else ("0", "0")
    return Lived(answers, process.exitcode or 0, hung, int(peak), float(seconds))


def _next(source: BinaryIO) -> Answer | None:
    try:
        answer: Answer = pickle.load(source)  # noqa: S301  our own child wrote it
    except EOFError:
        return None
    return answer


@cache
def _new_warehouse(folder: Path) -> bytes:
    """As a first run makes it; making one is slow, a copy is not."""
    path = folder / "new.duckdb"
    prepare_warehouse(path)
    return path.read_bytes()


def _prepare(place: Path, life: Life) -> None:
    office = place / "office"
    (office / "var").mkdir(parents=True, mode=0o700)
    warehouse = office / "var" / "warehouse.duckdb"
    warehouse.touch(mode=0o600)
    warehouse.write_bytes(_new_warehouse(place.parent))


def _obey(life: Life, place: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hush_prefect()
    os.chdir(f"{place}/office")
    try:
        _Living(life, Path(place)).through()
    except BaseException:  # noqa: BLE001  the fuzzer's own mistake, told by its parent
        Path(place, "broken").write_text(traceback.format_exc(), "utf-8")
    finally:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        took = f"{usage.ru_maxrss >> 10} {usage.ru_utime + usage.ru_stime:.2f}"
        Path(place, "took").write_text(took, "ascii")
        os._exit(0)


class _Living:
    def __init__(self, life: Life, place: Path) -> None:
        self._life = life
        self._place = place
        self._office = place / "office"
        self._form = "csv" if life.form == "books" else life.form
        self._address = ""

    def through(self) -> None:
        """Every step, each answer kept as soon as it is there."""
        with _serving(self._office) as self._address, (self._place / "answers").open("wb") as kept:
            for number, step in enumerate(self._life.steps):
                answer = self._taken(number, step)
                pickle.dump(answer, kept)
                kept.flush()

    def _taken(self, number: int, step: Step) -> Answer:
        aside = self._place / "aside"
        if step.is_aside:
            shutil.copytree(self._office, aside)
        self._lay(step.day)
        answer = Answer(step, damaged=tuple(self._damage(step)))
        seen = self._place / "seen" / str(number)
        for name in ("feeds", "pages"):
            if (self._office / name).exists():
                shutil.copytree(self._office / name, seen / name)
        if step.act == "transfer":
            shutil.copy(self._office / "results.csv", seen)
        before = _batches(self._office)
        self._do(step, answer)
        answer.batches = (before, _batches(self._office))
        if step.is_aside:
            # the folder itself stays: we are in it
            for each in self._office.iterdir():
                shutil.rmtree(each) if each.is_dir() else each.unlink()
            shutil.copytree(aside, self._office, dirs_exist_ok=True)
            shutil.rmtree(aside)
        return answer

    def _lay(self, number: int) -> None:
        """The undamaged files of the day."""
        for name in ("feeds", "pages"):
            shutil.rmtree(self._office / name, ignore_errors=True)
        for name, content in files(self._form, number).items():
            (self._office / name).parent.mkdir(exist_ok=True)
            (self._office / name).write_bytes(content)
        (self._office / "r2b.toml").write_bytes(profile(self._form, address=self._address))
        (self._office / "results.csv").write_bytes(_results(self._office))

    def _damage(self, step: Step) -> list[str]:
        done = []
        for damage in step.damages:
            if damage.file == MANIFEST:
                self._vouch(step.day)
            for path in sorted(self._office.glob(damage.file)):
                content = path.read_bytes()
                after = damaged(content, damage.suffix, damage.kind, damage.seed)
                if after != content:
                    path.chmod(0o600)
                    path.write_bytes(after)
                    done.append(f"{damage.suffix}: {damage.kind}")
        if has_manifest(self._form, step.day) and not Path(MANIFEST).exists():
            self._vouch(step.day)
        return done

    def _vouch(self, number: int) -> None:
        feeds = {f"feeds/{each.name}": each.read_bytes() for each in Path("feeds").glob("*.csv")}
        Path(MANIFEST).write_bytes(manifest(feeds, files(self._form, number)))

    def _do(self, step: Step, answer: Answer) -> None:
        out, err = self._place / "out", self._place / "err"
        began = time.process_time()
        with _said_into(out, err):
            answer.code = _code_of(ACTS[step.act], answer)
        answer.seconds = time.process_time() - began
        answer.out, answer.err = (each.read_text("utf-8", "replace") for each in (out, err))


def _run(answer: Answer) -> None:
    receipt: RunReceipt = billing_run.fn("r2b.toml", day(answer.step.day))
    answer.feeds = {name: (n.read, n.accepted, n.rejected) for name, n in receipt.feeds.items()}
    answer.dispositions = {
        name: (each.charges, each.value) for name, each in receipt.dispositions.items()
    }
    answer.rejects = mart(Path(), "reject", where=f"run_id = '{receipt.run_id}'").to_dicts()


def _transfer(answer: Answer) -> None:
    answer.row_keys = frozenset(_row_keys(Path()))
    transfer_to_billing.fn(1, results="results.csv", profile_path="r2b.toml")
    rows = mart(Path(), "batch_row", where="seq = 1")
    answer.outcomes = dict(rows.select("row_key", "outcome").iter_rows())


def _command(*words: str) -> Callable[[Answer], None]:
    """The `r2b` command itself."""

    def command(_: Answer) -> None:
        sys.argv = ["r2b", *words]
        main()

    return command


ACTS: Mapping[str, Callable[[Answer], None]] = {
    "run": _run,
    "transfer": _transfer,
    "transfer again": _transfer,
    "verify": _command("verify"),
    "status": _command("status"),
    "audit --verify": _command("audit", "--verify"),
    "profile check": _command("profile", "check"),
}


def _code_of(act: Callable[[Answer], None], answer: Answer) -> int:
    """As the command ends: what was raised on purpose is one line and a code."""
    try:
        act(answer)
    except R2BError as error:
        return fail(error)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001  that there is none is what is looked for
        traceback.print_exc()
        return 1
    return 0


def _batches(office: Path) -> frozenset[str]:
    return frozenset(each.name for each in office.glob("outbox/*/[0-9]*"))


def _row_keys(office: Path) -> list[str]:
    """Of the first batch; of a damaged file those that can still be found."""
    keys = []
    for path in sorted(office.glob("outbox/*/000001/[0-9]*.csv")):
        # not the csv module: it stops at a field of a certain length, and the program's may not
        header, *rows = [each or [] for each in split_records(path.read_bytes())] or [[]]
        if b"Row Key" in header:
            place = header.index(b"Row Key")
            keys += [row[place].decode(errors="replace") for row in rows if len(row) > place]
    return keys


def _results(office: Path) -> bytes:
    """Affinity's answer: some rows refused, the others taken."""
    lines = ["row_key,outcome,code,message"]
    for number, key in enumerate(_row_keys(office), start=1):
        lines.append(f"{key},{'rejected,E42,Busy' if number % 5 == 0 else 'accepted,,'}")
    return "\n".join([*lines, ""]).encode()


@contextmanager
def _said_into(out: Path, err: Path):
    """What goes to stdout and stderr goes into files."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for path, number in ((out, 1), (err, 2)):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, number)
        os.close(descriptor)
    yield
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


@contextmanager
def _serving(office: Path):
    """The Layer's export over HTTP: whatever lies in the office's `pages`, as it is."""

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            feed, _, query = self.path.strip("/").partition("?")
            page = dict(part.split("=") for part in query.split("&"))["page"]
            path = office / "pages" / f"{feed}-{page}.json"
            body = path.read_bytes() if path.exists() else b""
            self.send_response(200 if path.exists() else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if body.startswith(_GZIP):
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing is said."""

    with answering(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)) as server:
        yield f"http://127.0.0.1:{server.server_port}"
