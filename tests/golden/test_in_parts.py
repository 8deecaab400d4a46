"""However little is looked at a time, the answer is the same: every case and history once more."""

import pytest

from tests.golden import cases, days
from warehouse import asked, batches, changes, judged, queries, sides


@pytest.fixture(autouse=True)
def _little_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "_LINES_AT_ONCE", 2)
    monkeypatch.setattr(asked, "_BILLED_AT_ONCE", 2)
    monkeypatch.setattr(judged, "_MANY", 0)
    monkeypatch.setattr(batches, "_CHARGES_AT_ONCE", 2)
    monkeypatch.setattr(changes, "_CHARGES_AT_ONCE", 2)
    monkeypatch.setattr(changes, "_CHARGES_TO_STAND", 1)
    monkeypatch.setattr(sides, "_LINES_AT_ONCE", 1)
    monkeypatch.setattr(queries, "_ROWS_PER_BATCH", 3)


@pytest.mark.parametrize("case", cases.CASES)
def test_a_case_in_parts(case: str):
    assert cases.expected(case) == cases.actual(case)


@pytest.mark.parametrize("history", days.HISTORIES)
def test_a_history_in_parts(history: str):
    assert days.expected(history) == days.actual(history)
