"""What must hold of a life whatever was damaged; everything that does not, in words.

A fault begins with its kind: traceback, hang, memory, unknown exit code, says personal data,
accepted in silence, batch of a stopped run, poisoned.
"""

import contextlib
import csv
import io
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.malformed.comparison import REASONS
from tests.malformed.fuzz.child import Answer, Lived
from tests.malformed.fuzz.lives import Life
from tests.malformed.fuzz.valid import PERSONAL, day, profile
from tests.malformed.world import COLUMNS
from tests.oracle.outcome import Reckoning
from tests.oracle.reading import split_records
from tests.oracle.reckon import reckon

KINDS = (
    *("traceback", "hang", "memory", "unknown exit code", "says personal data"),
    *("accepted in silence", "batch of a stopped run", "poisoned"),
)
SECONDS = 30.0
"""The most an act may take of the processor; most take one."""
MEBIBYTES = 1_024
"""The most memory a life may hold; a third of it is the program itself."""

_EXIT_CODES = Path(__file__).resolve().parents[3] / "docs" / "reference" / "exit-codes.md"
_BUG = 1


def known_exit_codes() -> frozenset[int]:
    """What the reference lists, without the one for bugs."""
    listed = re.findall(r"^\| (\d+) \|", _EXIT_CODES.read_text("utf-8"), re.MULTILINE)
    return frozenset(map(int, listed)) - {_BUG}


def faults(life: Life, lived: Lived, place: Path) -> list[str]:
    """Everything that is wrong with how a life went; `place` is where it was lived."""
    found = []
    if lived.hung:
        found.append(f"hang: after {len(lived.answers)} acts")
    elif lived.exit_code or len(lived.answers) < len(life.steps):
        found.append(f"traceback: the process died ({lived.exit_code})")
    if lived.peak > MEBIBYTES:
        found.append(f"memory: {lived.peak} MiB")
    for number, answer in enumerate(lived.answers):
        seen = place / "seen" / str(number)
        act = f"{answer.step.act} of day {answer.step.day}"
        found += [_about(act, fault) for fault in _of_an_act(life, answer, seen)]
    return found


def _about(act: str, fault: str) -> str:
    kind, _, words = fault.partition(": ")
    return f"{kind}: {act}: {words}"


def _of_an_act(life: Life, answer: Answer, seen: Path) -> Iterator[str]:
    if "Traceback" in answer.out + answer.err:
        yield f"traceback: {answer.err[-2000:]}"
    elif answer.code not in known_exit_codes():
        yield f"unknown exit code: {answer.code}"
    if answer.seconds > SECONDS:
        yield f"hang: {answer.seconds:.0f} s"
    said = answer.err + (answer.out if answer.code else "")
    yield from (f"says personal data: {word}" for word in PERSONAL if word in said)
    if answer.code and not answer.step.act.startswith("verify") and len(_errors(answer.err)) > 1:
        yield f"unknown exit code: more than a line: {answer.err[-500:]}"
    before, after = answer.batches
    if answer.code and answer.step.act == "run" and after != before:
        yield f"batch of a stopped run: {sorted(after - before)}"
    if not answer.step.damages and not answer.step.is_aside and answer.code:
        yield f"poisoned: exit code {answer.code}: {answer.err[-500:] or answer.out[-1500:]}"
    if answer.code:
        return
    if answer.step.act == "run":
        yield from _of_a_run(life.form, answer, seen)
    elif answer.step.act == "transfer":
        yield from _of_a_transfer(answer, seen)


def _errors(said: str) -> list[str]:
    """The lines of stderr but for those of the log, which a command in a terminal does not show."""
    return [line for line in said.splitlines() if not re.match(r"[\d:.]+ \| [A-Z]+ +\| ", line)]


# Runs


def _of_a_run(form: str, answer: Answer, seen: Path) -> Iterator[str]:
    rows: dict[str, set[int]] = {feed: set() for feed in answer.feeds}
    for reject in answer.rejects:
        rows[reject["feed"]].add(reject["row_number"])
        if reject["reason"] not in REASONS:
            yield f"accepted in silence: unknown reason {reject['reason']}"
    for feed, (read, accepted, rejected) in answer.feeds.items():
        if read != accepted + rejected or rejected != len(rows[feed]):
            yield f"accepted in silence: {feed}: {read} read, {accepted} accepted, {rows[feed]}"
    if set(COLUMNS) - set(answer.feeds):
        yield f"accepted in silence: {set(COLUMNS) - set(answer.feeds)} are not listed"
    charges = sum(charges for charges, _ in answer.dispositions.values())
    if form != "delta" and charges < 2 * answer.feeds["order_lines"][1]:
        yield f"accepted in silence: {charges} charges of {answer.feeds['order_lines'][1]} lines"
    counted = _counted(form, seen)
    for feed, number in counted.items():
        if number != answer.feeds[feed][0]:
            yield f"accepted in silence: {feed}: {answer.feeds[feed][0]} read of {number}"
    if form == "csv":
        yield from _as_reckoned(answer, seen)


def _counted(form: str, seen: Path) -> dict[str, int]:
    """The records of each feed file, by a reader that has no part in the product."""
    if form == "pages":
        return _on_pages(seen / "pages")
    found = {}
    for path in sorted((seen / "feeds").iterdir()):
        if path.suffix == ".csv":
            content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
            found[path.stem] = sum(1 for _ in split_records(content)) - 1
        elif path.suffix == ".parquet":
            try:
                found[path.stem] = pq.ParquetFile(path).metadata.num_rows
            except (pa.ArrowException, OSError):
                continue  # the other reader gives up on what the product could read
    return found


def _on_pages(pages: Path) -> dict[str, int]:
    """The records of all pages that can be read."""
    found: Counter[str] = Counter()
    for path in pages.iterdir():
        with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
            found[path.name.partition("-")[0]] += len(json.loads(path.read_bytes())["items"])
    return dict(found)


def _as_reckoned(answer: Answer, seen: Path) -> Iterator[str]:
    """Whether the plain-Python judge, who shares no code, accepts and rejects the same."""
    expected = _reckoned(answer, seen)
    if expected is None:
        return
    if expected.stop is not None:
        yield f"accepted in silence: went through, though {expected.stop[1]}"
        return
    for feed, counts in expected.feeds.items():
        if answer.feeds[feed] != counts:
            yield f"accepted in silence: {feed}: {answer.feeds[feed]}, reckoned {counts}"
    yield from _rejects_differ(answer, expected)
    if not answer.batches[0]:  # the judge knows no ledger
        reckoned = {name: each for name, each in expected.dispositions.items() if each[0]}
        for name in reckoned.keys() | answer.dispositions.keys():
            got = answer.dispositions.get(name, (0, Decimal(0)))
            wanted = expected.dispositions.get(name, (0, Decimal(0)))
            if got != wanted:
                yield f"accepted in silence: {name}: {got}, reckoned {wanted}"


def _reckoned(answer: Answer, seen: Path) -> Reckoning | None:
    said = tomllib.loads(profile("csv").decode())
    try:
        return reckon(seen / "feeds", as_of=day(answer.step.day), profile=said)
    except (ValueError, RecursionError, TypeError):
        return None


def _rejects_differ(answer: Answer, expected: Reckoning) -> Iterator[str]:
    wanted = Counter(
        (each.feed, each.row_number, each.column, each.reason) for each in expected.rejects
    )
    got = Counter(
        (each["feed"], each["row_number"], each["column_name"] or "", each["reason"])
        for each in answer.rejects
    )
    if wanted != got:
        missing, extra = list(wanted - got)[:4], list(got - wanted)[:4]
        yield f"accepted in silence: missing {missing}, too many {extra}"


# Transfers


def _of_a_transfer(answer: Answer, seen: Path) -> Iterator[str]:
    """Every row stands as the result file says, read plainly; no row of it is of no batch."""
    text = (seen / "results.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    said: dict[str, set[str]] = {}
    for row in rows:
        plain = {(name or "").strip().lower(): cell for name, cell in row.items() if name}
        key = (plain.get("row_key") or plain.get("row key") or "").strip()
        said.setdefault(key, set()).add((plain.get("outcome") or "").strip().lower())
    strangers = said.keys() - answer.row_keys
    if strangers:
        yield f"accepted in silence: {len(strangers)} row(s) of the result are of no batch"
    for key, outcome in answer.outcomes.items():
        if outcome == "pending" and key not in said:
            continue
        if said.get(key) != {outcome}:
            yield f"accepted in silence: {key} is {outcome}, the result says {said.get(key)}"
