"""Many lives, one after the other: what was damaged, how it ended, what was wrong, as figures."""

import itertools
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.malformed.fuzz.child import Lived, live
from tests.malformed.fuzz.judge import faults
from tests.malformed.fuzz.lives import Damage, Life, drawn


@dataclass(frozen=True)
class Found:
    """A life with what was wrong with it; of the damages only those that it takes."""

    life: Life
    faults: tuple[str, ...]
    needed: tuple[Damage, ...]

    def __str__(self) -> str:
        damages = "; ".join(map(str, self.needed))
        return f"seed {self.life.seed} ({self.life.form}): {self.faults[0]}\n  by {damages}"


@dataclass
class Tally:
    """The figures of a proof."""

    lives: Counter[str] = field(default_factory=Counter)
    """By the form of their feeds."""
    files: Counter[str] = field(default_factory=Counter)
    """Damaged files, by suffix and kind of damage."""
    ends: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Acts by what they were and how they ended."""
    faults: Counter[str] = field(default_factory=Counter)
    """By kind."""
    peak: int = 0
    """MiB."""
    slowest: float = 0.0
    """Seconds of the processor that one act took."""
    seconds: float = 0.0
    """Of the processor, of all lives."""
    found: list[Found] = field(default_factory=list)

    def add(self, life: Life, lived: Lived, found: Found | None) -> None:
        """Count one life in."""
        self.lives[life.form] += 1
        self.peak = max(self.peak, lived.peak)
        self.seconds += lived.seconds
        for answer in lived.answers:
            self.files.update(answer.damaged)
            self.ends[answer.step.act, answer.code] += 1
            self.slowest = max(self.slowest, answer.seconds)
        if found is not None:
            self.found.append(found)
            self.faults.update({_kind(fault) for fault in found.faults})


class Proof:
    """Lives below a folder; those in which something was wrong keep theirs."""

    def __init__(self, folder: Path) -> None:
        """Work below `folder`."""
        self._folder = folder
        self._numbers = itertools.count(1)

    def run(self, seed: int, *, files: int) -> Iterator[Tally]:
        """Lives from `seed` on until so many files were damaged; the figures after each."""
        tally = Tally()
        for each in itertools.count(seed):
            if tally.files.total() >= files:
                return
            life = drawn(each)
            lived, wrong = self._live(life)
            found = shrunk(life, wrong, lambda smaller: self._live(smaller)[1]) if wrong else None
            tally.add(life, lived, found)
            yield tally

    def _live(self, life: Life) -> tuple[Lived, list[str]]:
        place = self._folder / f"{life.seed}-{next(self._numbers)}"
        lived = live(life, place)
        wrong = faults(life, lived, place)
        shutil.rmtree(place)
        return lived, wrong


def shrunk(life: Life, wrong: list[str], ask: Callable[[Life], list[str]]) -> Found:
    """Leave out one damage after the other, as long as a fault of the same kind stays.

    `ask` lives a life, and says what was wrong.
    """
    kinds = {_kind(fault) for fault in wrong}
    for damage in life.damages:
        smaller = life.without(damage)
        still = ask(smaller)
        if kinds & {_kind(fault) for fault in still}:
            life, wrong = smaller, still
    return Found(life, tuple(wrong), tuple(life.damages))


def _kind(fault: str) -> str:
    return fault.partition(":")[0]
