"""Which of several records at one place add up to each other: small sets of them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

_MOST_SUMS = 2_048
"""Different sums of one side that are looked at: of more, nobody says which belong together."""

_MOST_TRIES = 20_000
"""Sums that are made at one place, all in all: a tenth of a second."""


class Part(NamedTuple):
    """Records that are one already, and how far they are off: above nought, ours have more."""

    match_id: int
    off: int
    worth_off: Decimal
    has_ours: bool
    has_theirs: bool
    frequencies: list[str]

    @property
    def is_known(self) -> bool:
        """They know each other by their keys."""
        return self.has_ours and self.has_theirs


class _Sum(NamedTuple):
    """What some parts come to. Two frequencies have no sum."""

    off: int
    worth_off: Decimal
    frequency: str | None
    has_ours: bool
    has_stray: bool


_NOTHING = _Sum(0, Decimal(0), None, has_ours=False, has_stray=False)

_Sums = dict[_Sum, tuple[int, ...]]
"""By what they come to: the fewest parts that do, by their places in the list."""


def sets_that_add_up(parts: list[Part]) -> list[list[int]]:
    """Sets of `parts` that add up by themselves, the smallest first; no part is in two of them.

    Each has somebody of either side, and not only such as know each other by their keys. Of very
    many parts not all are looked for.
    """
    found: list[list[int]] = []
    left, tries = parts, _Tries(_MOST_TRIES)
    while fewest := _fewest([part for part in left if len(part.frequencies) <= 1], tries):
        found.append(sorted(part.match_id for part in fewest))
        taken = set(found[-1])
        left = [part for part in left if part.match_id not in taken]
    return found


@dataclass
class _Tries:
    left: int


def _fewest(parts: list[Part], tries: _Tries) -> list[Part]:
    """The fewest that add up; none where there are none, or too many to look at."""
    strays = [n for n, part in enumerate(parts) if part.has_ours and not part.is_known]
    others = [n for n, part in enumerate(parts) if not part.has_ours or part.is_known]
    # sums of either half meet in the middle: far fewer than those of all
    ours, theirs = _sums(parts, strays, tries), _sums(parts, others, tries)
    if ours is None or theirs is None:
        return []
    opposite: dict[tuple[int, Decimal], list[tuple[_Sum, tuple[int, ...]]]] = {}
    for total, some in theirs.items():
        if some:
            opposite.setdefault((-total.off, -total.worth_off), []).append((total, some))
    best: tuple[int, tuple[int, ...]] | None = None
    for total, some in ours.items():
        for other, more in opposite.get((total.off, total.worth_off), ()):
            both = (len(some) + len(more), tuple(sorted(some + more)))
            if _fit(total, other) and (best is None or both < best):
                best = both
    return [] if best is None else [parts[n] for n in best[1]]


def _fit(ours: _Sum, theirs: _Sum) -> bool:
    """Whether they are of one frequency, and have some of ours, and not only what is known."""
    often = {ours.frequency, theirs.frequency} - {None}
    has_ours = ours.has_ours or theirs.has_ours
    return len(often) <= 1 and has_ours and (ours.has_stray or theirs.has_stray)


def _sums(parts: list[Part], chosen: Iterable[int], tries: _Tries) -> _Sums | None:
    """What any of the chosen come to; null where those are too many different sums."""
    sums: _Sums = {_NOTHING: ()}
    for n in chosen:
        tries.left -= len(sums)
        if len(sums) > _MOST_SUMS or tries.left < 0:
            return None
        for total, some in list(sums.items()):
            added = _added(total, parts[n])
            if added is None:
                continue
            longer = (*some, n)
            before = sums.get(added)
            if before is None or (len(longer), longer) < (len(before), before):
                sums[added] = longer
    return sums


def _added(total: _Sum, part: Part) -> _Sum | None:
    often = part.frequencies[0] if part.frequencies else None
    if often is not None and total.frequency not in {None, often}:
        return None
    return _Sum(
        total.off + part.off,
        total.worth_off + part.worth_off,
        total.frequency or often,
        has_ours=total.has_ours or part.has_ours,
        has_stray=total.has_stray or not part.is_known,
    )
