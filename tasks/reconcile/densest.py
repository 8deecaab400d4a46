"""Which fixes, made together, free the most per fix: of all sets there are. Pure.

A bundle of charges needs fixes; a set of fixes frees every bundle that needs nothing else. The best
set is the densest part of a graph whose edges join any number of points. It is found exactly: guess
what a fix frees at best, let no fix take more than that of what it helps to free, and what is not
taken shows a set that frees more. That is the next guess, until all is taken.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Protocol, Self, TypeVar


class _Comparable(Hashable, Protocol):
    def __lt__(self, other: Self, /) -> bool: ...


FixT = TypeVar("FixT", bound=_Comparable)


def densest(worth: Mapping[frozenset[FixT], int]) -> frozenset[FixT]:
    """The fixes that free the most per fix, never none; the same for the same in any order.

    `worth`: of each bundle (0 or more) by what it needs (1 or more). What one bundle needs goes
    before what several do that is as good.
    """
    order = sorted(worth, key=lambda needs: (len(needs), sorted(needs)))
    best = max(order, key=lambda needs: rate_of(needs, worth))
    rate = rate_of(best, worth)
    rich = _rich(worth, rate)
    while gaining := _gaining(rich, rate):
        best, rate = gaining, rate_of(gaining, worth)
    pieces = components({needs: value for needs, value in worth.items() if needs <= best})
    as_good = (frozenset().union(*piece) for piece in pieces)
    return min(
        (piece for piece in as_good if rate_of(piece, worth) == rate),
        key=lambda piece: (len(piece), sorted(piece)),
    )


def rate_of(fixes: frozenset[FixT], worth: Mapping[frozenset[FixT], int]) -> Fraction:
    """What is freed by each of `fixes` if all of them are made."""
    return Fraction(sum(value for needs, value in worth.items() if needs <= fixes), len(fixes))


def components(worth: Mapping[frozenset[FixT], int]) -> list[dict[frozenset[FixT], int]]:
    """The bundles apart that share no fix, not even through others; in the order they come."""
    first: dict[FixT, FixT] = {}

    def found(fix: FixT) -> FixT:
        while first.setdefault(fix, fix) != fix:
            first[fix] = first[first[fix]]
            fix = first[fix]
        return fix

    for needs in worth:
        one, *others = needs
        for other in others:
            first[found(other)] = found(one)
    pieces: dict[FixT, dict[frozenset[FixT], int]] = {}
    for needs, value in worth.items():
        pieces.setdefault(found(next(iter(needs))), {})[needs] = value
    return list(pieces.values())


def _rich(worth: Mapping[frozenset[FixT], int], rate: Fraction) -> dict[frozenset[FixT], int]:
    """The bundles whose every fix helps to free more than `rate`: a better set has no others."""
    left = {needs: value for needs, value in worth.items() if value}
    while True:
        of_fix: dict[FixT, int] = defaultdict(int)
        for needs, value in left.items():
            for fix in needs:
                of_fix[fix] += value
        poor = {fix for fix, value in of_fix.items() if value <= rate}
        if not poor:
            return left
        left = {needs: value for needs, value in left.items() if not needs & poor}


def _gaining(worth: Mapping[frozenset[FixT], int], rate: Fraction) -> frozenset[FixT]:
    """Fixes that free more than `rate` each, the set that gains most; none where there is none."""
    spare: dict[FixT, int] = {}
    taken: dict[FixT, dict[frozenset[FixT], int]] = {}
    for needs in worth:
        for fix in needs:
            spare[fix], taken[fix] = rate.numerator, {}
    short = []
    for needs, value in worth.items():
        left = value * rate.denominator
        while left and (path := _path_to_spare([needs], spare, taken)):
            left -= _moved(path, left, spare, taken)
        if left:
            short.append(needs)
    reached: set[FixT] = set()
    _path_to_spare(short, spare, taken, reached=reached)
    return frozenset(reached)


_Path = list[tuple[frozenset[FixT], FixT]]
"""Bundles, and the fix that is to take something of each; the next bundle gives that up there."""


def _path_to_spare(
    starts: list[frozenset[FixT]],
    spare: Mapping[FixT, int],
    taken: Mapping[FixT, Mapping[frozenset[FixT], int]],
    *,
    reached: set[FixT] | None = None,
) -> "_Path[FixT]":
    """The shortest way to a fix that can take more; empty if there is none: all are `reached`."""
    came_from: dict[frozenset[FixT], tuple[frozenset[FixT], FixT] | None] = dict.fromkeys(starts)
    seen = set() if reached is None else reached
    queue = list(starts)
    for needs in queue:
        for fix in sorted(needs - seen):
            seen.add(fix)
            if spare[fix]:
                path = [(needs, fix)]
                while (step := came_from[path[-1][0]]) is not None:
                    path.append(step)
                return path[::-1]
            for other, amount in taken[fix].items():
                if amount and other not in came_from:
                    came_from[other] = (needs, fix)
                    queue.append(other)
    return []


def _moved(
    path: "_Path[FixT]",
    most: int,
    spare: dict[FixT, int],
    taken: dict[FixT, dict[frozenset[FixT], int]],
) -> int:
    """Let each fix of the path take as much as can be of its bundle; returns how much that is."""
    givers = [(fix, needs) for (_, fix), (needs, _) in pairwise(path)]
    amount = min(most, spare[path[-1][1]], *(taken[fix][needs] for fix, needs in givers))
    spare[path[-1][1]] -= amount
    for fix, needs in givers:
        taken[fix][needs] -= amount
    for needs, fix in path:
        taken[fix][needs] = taken[fix].get(needs, 0) + amount
    return amount
