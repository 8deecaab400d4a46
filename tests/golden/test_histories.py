"""What days of small worlds come to, byte for byte, one after the other."""

import pytest

from tests.golden.days import HERE, HISTORIES, actual, expected


@pytest.mark.parametrize("history", HISTORIES)
def test_a_golden_history(history: str):
    wanted, got = expected(history), actual(history)

    assert wanted == got


@pytest.mark.parametrize("history", HISTORIES)
def test_a_golden_history_says_what_it_is_about(history: str):
    assert (HERE / history / "story.md").read_text(encoding="utf-8").startswith("# ")
