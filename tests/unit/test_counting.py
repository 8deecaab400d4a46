"""One is not spoken of as many."""

import pytest

from schemas.counting import counted


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((0, "charge"), "0 charges"),
        ((1, "charge"), "1 charge"),
        ((1_200, "charge"), "1,200 charges"),
        ((1, "entry", "entries"), "1 entry"),
        ((2, "entry", "entries"), "2 entries"),
    ],
)
def test_a_count_and_its_word_agree(words: tuple[int, str], expected: str):
    assert expected == counted(*words)
