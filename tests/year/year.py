"""A year played day by day: the reseller's events, runs, Affinity's answers, and the way back.

What runs is a `Pipeline`: the product, or the reference in plain Python. Everything that happened
between it and Affinity is in the year's journal, from which `expectation` knows who was refused.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol

from sandbox.affinity import Affinity, Policy, write_results
from tests.year.events import Reseller
from tests.year.facts import Charge, Reading
from tests.year.world import Row, View, World, read_csv

START = date(2026, 1, 1)
SETTLING = 8  # runs at the end, without events and refusals, until there is nothing left to tell
DATA, BUSY = ("NO_RATE", "No rate in the customer's rate card"), ("BUSY", "Try again later")


class Pipeline(Protocol):
    """What turns feeds into batches."""

    def run(self, view: View, as_of: date, outbox: Path) -> Path | None:
        """The day's run; the folder of the batch if there is one."""

    def transfer(self, results: list[Row]) -> list[tuple[str, Row]]:
        """Take Affinity's answer to that batch; the write-back as (file, row)."""

    def release(self) -> None:
        """Let everything that Affinity refused go again."""


@dataclass(frozen=True)
class Entry:
    """A row that was sent, and its answer."""

    day: date
    stem: str
    action: str
    subject: tuple[str, ...]
    accepted: bool
    code: str
    ref: str
    row: Row


@dataclass
class Year:
    """One reseller's year; `play` it, then ask `affinity`, `world` and `journal`."""

    folder: Path
    pipeline: Pipeline
    seed: int
    customers: int = 60
    days: int = 365
    every: int = 14
    full: bool = False
    refusals: float = 0.04
    start: date = START
    journal: list[Entry] = field(default_factory=list)
    runs: list[date] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The reseller on New Year's Day."""
        self.world = World(self.seed, self.start)
        self.reseller = Reseller(self.world, self.customers)
        self.affinity = Affinity(self.folder / "state", self.folder / "feeds")
        self._coming: list[tuple[date, str, Row]] = []

    def play(self) -> "Year":
        """All days, then runs until everything is told."""
        for number in range(self.days):
            if number % self.every == 0:
                self._run()
            self._night()
            self.reseller.day()
        self.pipeline.release()
        self.refusals = 0.0
        for _ in range(SETTLING):
            is_over = not self._run() and not self._coming
            self._night()
            if is_over:
                return self
        raise AssertionError(f"seed {self.seed}: not settled, still sending {self.journal[-5:]}")

    def _night(self) -> None:
        """What is written back becomes true, sooner or later."""
        self.world.tomorrow()
        due = [each for each in self._coming if each[0] <= self.world.today or not self.refusals]
        self._coming = [each for each in self._coming if each not in due]
        for _, file, row in due:
            if file == "products":
                self.reseller.a_code_arrives(row["product_id"], row["code"])
            else:
                self.world.take_back(file, row)

    def _run(self) -> bool:
        """One run, and Affinity's answer; whether anything was told."""
        today = self.world.today
        if self.runs:
            self._snapshots()
        view = self._export()
        if not self.runs:
            self.affinity.learn()
            self.affinity = Affinity(self.folder / "state")
        else:  # a customer who comes with a ref was made in Affinity by hand
            self.world.introduce(self.folder / "introduced")
            Affinity(self.folder / "state", self.folder / "introduced").learn()
        self.runs.append(today)
        batch = self.pipeline.run(view, today, self.folder / "outbox")
        if batch is None:
            return False
        rows = [(path.stem, row) for path in sorted(batch.glob("*.csv")) for row in read_csv(path)]
        words = {
            row["Row Key"]: refusal
            for stem, row in rows
            if (refusal := self._refusal(today, stem, row)) is not None
        }
        results = self._load(batch, words)
        for (stem, row), result in zip(rows, results, strict=True):
            assert row["Row Key"] == result["row_key"]
            self._note(today, stem, row, result)
        for file, row in self.pipeline.transfer(results):
            self._later(file, row)
        return True

    def _export(self) -> View:
        """The Layer's feeds of today, for the run."""
        self.reseller.last_run = self.world.today
        return self.world.write_feeds(self.folder / "feeds", full=self.full or not self.runs)

    def _load(self, batch: Path, words: dict[str, tuple[str, str]]) -> list[Row]:
        """Affinity's answer to every row of a batch, in load order; `words`: what it refuses."""
        answer = self.affinity.load_batch(batch, policy=Policy(words=words))
        assert not answer.problems, answer.problems
        write_results(answer.rows, self.folder / "results.csv")
        return read_csv(self.folder / "results.csv")

    def _note(self, today: date, stem: str, row: Row, result: Row) -> None:
        entry = Entry(
            day=today,
            stem=stem[:2],
            action=row.get("Action", "CEASE" if stem.startswith("07") else "ADD"),
            subject=self._subject(stem, row),
            accepted=result["outcome"] == "accepted",
            code=result["code"],
            ref=result["ref"],
            row=row,
        )
        self.journal.append(entry)
        if entry.stem == "05" and entry.accepted:
            self._later("products", {"product_id": row["Layer Product ID"], "code": entry.ref})

    def _subject(self, stem: str, row: Row) -> tuple[str, ...]:
        """Whom a row is about, in the reseller's words."""
        match stem[:2]:
            case "06":
                return row["Site Ref"], row["CLI"]
            case "07":
                line = self.world.line_of_asset[row["Layer Asset ID"]]
                return line, row["Charge Type"].lower()
            case "08":
                return row["Layer Line ID"], row["Charge Type"].lower()
        column = {"02": "Layer Site ID", "05": "Layer Product ID"}.get(stem[:2], next(iter(row)))
        return (row["Layer Customer ID"] if stem.startswith("01") else row[column],)

    def _later(self, file: str, row: Row) -> None:
        """The Layer learns of it tomorrow or in some days, now and then in three weeks."""
        draw = self._draw("back", file, *row.values())
        days = 1 if draw < 0.5 else 3 if draw < 0.9 else 20
        self._coming.append((self.world.today + timedelta(days=days), file, row))

    def _refusal(self, today: date, stem: str, row: Row) -> tuple[str, str] | None:
        """Code and words for a row that Affinity refuses today, by whom it is about.

        Never the end of a period for which another begins in the same batch: those two go together.
        """
        if stem.startswith(("05", "06")) or row.get("Cease Reason", "").startswith("Changed"):
            return None
        draw = self._draw(str(today), stem[:2], *self._subject(stem, row))
        if draw >= self.refusals:
            return None
        is_for_ever = stem.startswith("08") and draw < self.refusals / 5
        return DATA if is_for_ever else BUSY

    def _draw(self, *parts: str) -> float:
        digest = hashlib.sha256("|".join((str(self.seed), *parts)).encode()).digest()
        return int.from_bytes(digest[:8]) / 2**64

    def _snapshots(self) -> None:
        """What Affinity has, as its nightly export tells The Layer's side."""
        folder = self.folder / "from-affinity"
        self.affinity.export(folder)
        for feed in ("affinity_clis", "affinity_site_products", "affinity_products"):
            self.world.replace(feed, read_csv(folder / f"{feed}.csv"))

    # For whoever judges it

    def reading(self, day: date) -> Reading:
        """What a run saw, with the refs that Affinity had told by then."""
        if day not in (known := self.__dict__.setdefault("_readings", {})):
            learnt = {
                entry.subject[0]: entry.ref
                for entry in self.journal
                if entry.ref and entry.day < day and entry.stem in ("01", "02")
            }
            known[day] = Reading(self.world.views[day], day, learnt)
        return known[day]

    def entries_of(self, charge: Charge) -> dict[date, list[Entry]]:
        """The journal of a charge, by day."""
        if "_entries" not in self.__dict__:
            found: dict[Charge, dict[date, list[Entry]]] = {}
            for entry in self.journal:
                if entry.stem in ("07", "08"):
                    days = found.setdefault(Charge(*entry.subject), {})
                    days.setdefault(entry.day, []).append(entry)
            self._entries = found
        return self._entries.get(charge, {})
