"""One trial after the other: cut off, look at what is left, start again, compare where it ends."""

import itertools
import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.child import CALLS, Ended, Fault, do
from tests.crash.invariants import Outcome, outcome, structure
from tests.crash.lives import ENVIRONMENT, LIVES, Life, Prepared, Scene, troubles
from tests.crash.points import Point, counted

RESTARTS = 2
_SETTLED = {0, 50, 60}
"""How an act may end when it is done again: well, done already, or waiting for a next try."""


@dataclass(frozen=True)
class Trial:
    """Where one life is cut off, once or several times in a row, on the line of a seed."""

    life: Life
    cuts: tuple[Point | Fault, ...]
    seed: int = 0

    def __str__(self) -> str:
        where = ", then ".join(map(str, self.cuts))
        return f"{self.life.name}: {where} (seed {self.seed})"


@dataclass(frozen=True)
class Found:
    """What became of a trial: whether it hit, after how many restarts it stood, what was wrong."""

    trial: Trial
    hits: int
    restarts: int
    faults: tuple[str, ...]


@dataclass
class Tally:
    """The figures of a proof."""

    tried: int = 0
    hit: int = 0
    survived: int = 0
    restarts: Counter[int] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    places: set[str] = field(default_factory=set)

    def add(self, found: Found) -> None:
        """Count one trial in."""
        self.tried += 1
        self.hit += found.hits > 0
        self.survived += not found.faults
        if found.hits:
            self.restarts[found.restarts] += 1
            self.places.update(
                cut.name if isinstance(cut, Point) else f"{cut.does} {cut.call}"
                for cut in found.trial.cuts
            )
        for fault in found.faults:
            self.faults[fault.partition(":")[0]] += 1
            self.wrong.append(f"{found.trial}: {fault}")


class Proof:
    """Trials on prepared lives; what a life passes, and where it ends uncut, is worked out once."""

    def __init__(self, folder: Path) -> None:
        """Work below `folder`."""
        self._folder = folder
        self._prepared = Prepared(folder / "lives")
        self._points: dict[str, dict[str, int]] = {}
        self._ends: dict[tuple[str, int], Outcome] = {}
        self._numbers = itertools.count(1)

    def points(self, life: Life) -> dict[str, int]:
        """The points that `life` passes, and how often."""
        if life.name not in self._points:
            place, counts = self._place(), self._folder / f"{life.name}.counts"
            with self._prepared.there(life, place, []) as scene:
                _must(self._act(scene, counts=counts))
            shutil.rmtree(place)
            self._points[life.name] = counted(counts)
        return self._points[life.name]

    def calls(self, life: Life) -> Counter[str]:
        """The system calls of `life` by name, those of the thread that makes most of them."""
        place, trace = self._place(), self._folder / f"{life.name}.trace"
        with self._prepared.there(life, place, []) as scene:
            _must(self._act(scene, trace=trace))
        shutil.rmtree(place)
        seen: dict[str, Counter[str]] = {}
        for line in trace.read_text("utf-8", errors="replace").splitlines():
            thread, _, rest = line.partition(" ")
            name = rest.strip().partition("(")[0]
            if name in CALLS:
                seen.setdefault(name, Counter())[thread] += 1
        return Counter({name: max(threads.values()) for name, threads in seen.items()})

    def run(self, trial: Trial) -> Found:
        """Cut `trial.life` off as it says, and see that it ends as it does without."""
        expected = self.end(trial.life, trial.seed)
        place = self._place()
        faults: list[str] = []
        with self._prepared.there(trial.life, place, troubles(trial.seed)) as scene:
            hits = 0
            for number, cut in enumerate(trial.cuts):
                ended = self._act(scene, cut=cut)
                hits += ended.did_hit
                faults += [*structure(scene, place / "aside"), *_words(ended)]
                if not ended.did_hit and number == 0:
                    break
            restarts, same = 0, False
            while not same and restarts < RESTARTS:
                restarts += 1
                again = [self._act(scene)] if restarts == 1 else []
                again.append(self._act(scene, act="run"))
                for ended in again:
                    faults += _words(ended)
                faults += structure(scene, place / "aside")
                same = scene.warehouse.exists() and outcome(scene, place / "aside") == expected
            if not same:
                faults.append(f"not converged: {self._difference(scene, place, expected)}")
        if not faults:
            shutil.rmtree(place)
        return Found(trial, hits, restarts, tuple(faults))

    def end(self, life: Life, seed: int) -> Outcome:
        """Where `life` ends when nothing is cut off: the act, and the run after it."""
        if (life.name, seed) not in self._ends:
            place = self._place()
            with self._prepared.there(life, place, troubles(seed)) as scene:
                self._act(scene)
                _must(self._act(scene, act="run"))
                assert not structure(scene, place / "aside")
                self._ends[life.name, seed] = outcome(scene, place / "aside")
            shutil.rmtree(place)
        return self._ends[life.name, seed]

    @staticmethod
    def _act(
        scene: Scene,
        *,
        act: str = "",
        cut: Point | Fault | None = None,
        counts: Path | None = None,
        trace: Path | None = None,
    ) -> Ended:
        if isinstance(cut, Fault):
            trace = scene.place / "trace"
        return do(
            scene.folder,
            act or scene.life.act,
            scene.life.day,
            environment=ENVIRONMENT,
            point=cut if isinstance(cut, Point) else None,
            fault=cut if isinstance(cut, Fault) else None,
            counts=counts,
            trace=trace,
        )

    @staticmethod
    def _difference(scene: Scene, place: Path, expected: Outcome) -> str:
        if not scene.warehouse.exists():
            return "there is no warehouse"
        found = outcome(scene, place / "aside")
        return "; ".join(
            f"{name}: {sorted(set(found[name]) ^ set(rows), key=str)[:4]}"
            for name, rows in expected.items()
            if found[name] != rows
        )

    def _place(self) -> Path:
        return self._folder / f"trial-{next(self._numbers):05d}"


def _words(ended: Ended) -> Iterator[str]:
    """Whoever is not killed ends with words for people, and in a way that is foreseen."""
    if "Traceback" in ended.said:
        yield f"traceback: {ended.said[-1500:]}"
    elif ended.was_killed or ended.did_hit:
        return
    elif ended.code not in _SETTLED:
        yield f"not converged: exit code {ended.code}, {ended.said[-500:]}"


def _must(ended: Ended) -> None:
    assert ended.code == 0, f"exit code {ended.code}: {ended.said[-2000:]}"


def sampled_points(proof: Proof, seeds: Sequence[int]) -> list[Trial]:
    """Every place once, before or after it, in one of the lives that come there, for each seed."""
    lives: dict[str, list[tuple[Life, str, int]]] = {}
    for life in LIVES.values():
        for name, times in proof.points(life).items():
            lives.setdefault(name.partition(":")[2], []).append((life, name, times))
    trials = []
    for number, place in enumerate(sorted(lives)):
        for seed in seeds:
            life, name, times = random.Random(f"{place} {seed}").choice(lives[place])
            trials.append(Trial(life, (Point(name, 1 if number % 2 else times),), seed))
    return trials


def every_point(proof: Proof, seeds: Sequence[int]) -> list[Trial]:
    """Every point of every life, at its first and at its last call, for each seed."""
    return [
        Trial(life, (Point(name, nth),), seed)
        for life in LIVES.values()
        for name, times in proof.points(life).items()
        for nth in sorted({1, times})
        for seed in seeds
    ]


def deeper(proof: Proof, seed: int, number: int) -> list[Trial]:
    """Killed, and killed again while it mends what the first death left; some a third time."""
    dice = random.Random(f"deeper {seed}")
    points = {life.name: [*proof.points(life).items()] for life in LIVES.values()}
    trials = []
    for _ in range(number):
        life = LIVES[dice.choice([*LIVES])]
        drawn = dice.choices(points[life.name], k=dice.choice((2, 2, 3)))
        cuts = tuple(Point(name, dice.randint(1, times)) for name, times in drawn)
        trials.append(Trial(life, cuts, seed))
    return trials


def calls(proof: Proof, seed: int, number: int | None) -> list[Trial]:
    """System calls killed or failing: `number` of them drawn, or every single one."""
    every = [
        Trial(life, (Fault(call, does, nth),), seed)
        for life in LIVES.values()
        for call, times in proof.calls(life).items()
        for nth in range(1, times + 1)
        for does in ("KILL", "EIO", "ENOSPC")
        if does == "KILL" or call != "sendto"
    ]
    return every if number is None else random.Random(seed).sample(every, number)


def run_all(proof: Proof, trials: Sequence[Trial], *, workers: int = 1) -> Iterator[Found]:
    """Every trial's outcome as it comes, `workers` at once."""
    for life, seed in {(trial.life.name, trial.seed) for trial in trials}:
        proof.end(LIVES[life], seed)
    with ThreadPoolExecutor(workers) as pool:
        for future in as_completed([pool.submit(proof.run, trial) for trial in trials]):
            yield future.result()
