"""A sample of the small mistakes there are is noticed; `make mutants` draws more, says by whom."""

from pathlib import Path

import pytest

from tests.mutants.score import judged, sample
from tests.mutants.survivors import SURVIVORS

pytestmark = pytest.mark.timeout(3000)

DRAWN, SEED, LEAST = 40, 1, 0.85


def test_small_mistakes_are_noticed_but_for_those_that_change_nothing(tmp_path: Path):
    verdicts = list(judged(sample(DRAWN, SEED), tmp_path, workers=2))

    survived = [each.mutation for each in verdicts if not each.noticed_by]
    assert [] == [str(each) for each in survived if each.name not in SURVIVORS]
    assert len(verdicts) == DRAWN
    assert len(survived) <= (1 - LEAST) * DRAWN
