"""A day's files of small worlds, byte for byte."""

import pytest

from tests.golden.cases import CASES, HERE, actual, expected


@pytest.mark.parametrize("case", CASES)
def test_a_golden_case(case: str):
    wanted, got = expected(case), actual(case)

    assert wanted == got


@pytest.mark.parametrize("case", CASES)
def test_a_golden_case_says_what_it_is_about(case: str):
    assert (HERE / case / "story.md").read_text(encoding="utf-8").startswith("# ")
