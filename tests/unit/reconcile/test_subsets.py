"""Sets that add up: the fewest parts, the same as if every set were tried."""

import random
from decimal import Decimal
from itertools import combinations

import pytest

from tasks.reconcile.subsets import Part, sets_that_add_up


def part(number: int, off: int, worth: int, *, often: str | None = None, known: bool = False):
    """Something that is off on one side alone, or, `known`, between two that know each other."""
    frequencies = [] if often is None else [often]
    return Part(number, off, Decimal(worth), off > 0 or known, off < 0 or known, frequencies)


def adds_up(some: tuple[Part, ...]) -> bool:
    """Whether these may be one."""
    often = {each for one in some for each in one.frequencies}
    return (
        not sum(one.off for one in some)
        and not sum(one.worth_off for one in some)
        and any(one.has_ours for one in some)
        and any(one.has_theirs for one in some)
        and any(not one.is_known for one in some)
        and len(often) <= 1
    )


@pytest.mark.parametrize("seed", range(40))
def test_the_fewest_are_found_as_if_every_set_were_tried(seed: int):
    chance = random.Random(seed)
    parts = [
        part(
            number,
            chance.choice([-3, -2, -1, 1, 2, 3, 4]),
            chance.choice([-20, -10, 10, 20, 30]),
            often=chance.choice([None, "Monthly", "Annual"]),
            known=chance.random() < 0.2,
        )
        for number in range(9)
    ]
    sizes = range(2, len(parts) + 1)
    every = [some for size in sizes for some in combinations(parts, size) if adds_up(some)]

    found = sets_that_add_up(parts)

    assert bool(every) == bool(found)
    if every:
        assert len(every[0]) == len(found[0])
    by_id = {each.match_id: each for each in parts}
    assert all(adds_up(tuple(by_id[each] for each in some)) for some in found)
    taken = [each for some in found for each in some]
    assert len(taken) == len(set(taken))
    left = [each for each in parts if each.match_id not in set(taken)]
    assert not any(adds_up(some) for size in sizes for some in combinations(left, size))


def test_too_many_different_sums_are_left():
    parts = [part(n, 2**n, 3**n) for n in range(40)]

    assert [] == sets_that_add_up([*parts, part(99, -(2**39), -(3**39))])
