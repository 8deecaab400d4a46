"""What a case must come to: a stop, or an exact list of rejects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from tests.malformed.world import World

Make: TypeAlias = Callable[[World], object]
"""Spoils a world; what it returns does not matter."""


class ExpectedReject(NamedTuple):
    """One reject. In the fields that allow it, None = not checked and "" = must be blank."""

    feed: str
    row_number: int
    record_key: str | None
    column: str | None
    reason: str
    raw_value: str | None = None


class Counts(NamedTuple):
    """Records of one feed."""

    read: int
    accepted: int
    rejected: int


@dataclass(frozen=True)
class Stops:
    """The run stops; its one-line message mentions each of `names`, whatever their case."""

    exit_code: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Goes:
    """The run goes through, with these rejects over all feeds and no others."""

    rejects: tuple[ExpectedReject, ...] = ()
    counts: Mapping[str, Counts] = field(default_factory=dict)


Expect: TypeAlias = Stops | Goes


@dataclass(frozen=True)
class Case:
    """One input and its answer; `assumes` says what the contract leaves open, if anything."""

    id: str
    make: Make
    expect: Expect
    assumes: str | None = None


def stops(exit_code: int, *names: str) -> Stops:
    return Stops(exit_code, names)


def rejects(*expected: tuple[object, ...], **counts: tuple[int, int, int]) -> Goes:
    """`expected` as in `ExpectedReject`; `counts` = read, accepted, rejected of a feed."""
    return Goes(
        tuple(ExpectedReject(*row) for row in expected),  # type: ignore[arg-type]
        {feed: Counts(*numbers) for feed, numbers in counts.items()},
    )


def accepted(**counts: tuple[int, int, int]) -> Goes:
    """No rejects at all."""
    return rejects(**counts)
