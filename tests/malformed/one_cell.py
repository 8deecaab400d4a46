"""Cases in which one cell of one added record is unusual and all else is valid.

Since nothing refers to an added record, such cases do not disturb each other: `gather` lays
any number of them into one world, a record each.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tests.malformed.expectation import Case, ExpectedReject, Goes, accepted, rejects
from tests.malformed.world import FIRST_KEY_COLUMN, Cell, World, spare_key, spare_row

Setting = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class CellCase(Case):
    """A case of one cell; `reason` None = the record is accepted."""

    feed: str
    column: str
    value: Cell
    reason: str | None
    setting: Setting | None

    @property
    def is_about_a_key(self) -> bool:
        """Whether the cell is the (first) key, so that other cases' records might meet it."""
        return FIRST_KEY_COLUMN.get(self.feed) == self.column


@dataclass(frozen=True)
class Gathering:
    """Many one-cell cases in one world, and the row number that each got there."""

    setting: Setting | None
    cases: tuple[CellCase, ...]
    rows: dict[str, int] = field(default_factory=dict)

    def make(self, world: World) -> None:
        _set(world, self.setting)
        for case in self.cases:
            self.rows[case.id] = world.add(case.feed, **{case.column: case.value})

    def expected(self, case: CellCase) -> tuple[ExpectedReject, ...]:
        """The rejects of the case at the row where it stands here; its key is not checked."""
        assert isinstance(case.expect, Goes)
        return tuple(
            reject._replace(row_number=self.rows[case.id], record_key=None)
            for reject in case.expect.rejects
        )


def gather(cases: Iterable[Case]) -> list[Gathering]:
    """The cases that can share a world, one gathering per setting of the profile."""
    by_setting: dict[Setting | None, list[CellCase]] = {}
    for case in cases:
        if isinstance(case, CellCase) and not case.is_about_a_key:
            by_setting.setdefault(case.setting, []).append(case)
    return [Gathering(setting, tuple(gathered)) for setting, gathered in by_setting.items()]


def spoilt(
    sentence: str,
    feed: str,
    column: str,
    value: Cell,
    reason: str,
    *,
    setting: Setting | None = None,
    assumes: str | None = None,
) -> CellCase:
    """The record is rejected for that cell alone; a text's raw value is checked as written."""
    row = spare_row(feed)
    key = None if FIRST_KEY_COLUMN.get(feed) == column else spare_key(feed)
    raw = None if isinstance(value, bytes) else str(value)
    case = fine(sentence, feed, column, value, setting=setting, assumes=assumes)
    expect = rejects((feed, row, key, column, reason, raw), **{feed: (row, row - 1, 1)})
    return replace(case, expect=expect, reason=reason)


def fine(
    sentence: str,
    feed: str,
    column: str,
    value: Cell,
    *,
    setting: Setting | None = None,
    assumes: str | None = None,
) -> CellCase:
    """The record is accepted."""

    def make(world: World) -> None:
        _set(world, setting)
        world.add(feed, **{column: value})

    row = spare_row(feed)
    return CellCase(
        id=sentence,
        make=make,
        expect=accepted(**{feed: (row, row, 0)}),
        assumes=assumes,
        feed=feed,
        column=column,
        value=value,
        reason=None,
        setting=setting,
    )


def shown(value: str) -> str:
    """A value as it can stand in a case's sentence: ASCII, one line."""
    return ascii(str(value))


def _set(world: World, setting: Setting | None) -> None:
    if setting is not None:
        world.feed_settings[setting[0]] = setting[1]
