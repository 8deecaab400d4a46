"""Most small mistakes are noticed, and of the others somebody has said why not."""

import os
from pathlib import Path

import pytest

from tests.mutants.operators import mutations
from tests.mutants.score import judged, sample
from tests.mutants.survivors import SURVIVORS

pytestmark = pytest.mark.timeout(3000)

SEED, DRAWN, LEAST = 1, 60, 0.85


def test_most_small_mistakes_are_noticed(tmp_path: Path):
    workers = max(2, len(os.sched_getaffinity(0)))
    verdicts = list(judged(sample(DRAWN, SEED), tmp_path, workers=workers))
    survived = sorted(each.mutation.name for each in verdicts if not each.noticed_by)

    assert DRAWN == len(verdicts)
    assert 1 - len(survived) / DRAWN >= LEAST
    assert [] == [each for each in survived if each not in SURVIVORS]


_SOURCE = '''\
def is_due(a, b):
    """1 < 2."""
    if not a:
        raise ValueError("1")
    note(a)
    return (a < 1) & b.join(a, how="anti").any()
'''


@pytest.mark.parametrize(
    "line",
    [
        "    if (a):\n",
        "    if (False):\n",
        "    pass\n",
        '    return (a <= 1) & b.join(a, how="anti").any()\n',
        '    return (a < 2) & b.join(a, how="anti").any()\n',
        '    return (a < 1) & b.join(a, how="semi").any()\n',
        '    return (a < 1) & b.join(a, how="anti").all()\n',
        '    return ((a < 1) | b.join(a, how="anti").any())\n',
    ],
)
def test_which_mistakes_are_made(line: str):
    sources = [each.source for each in mutations("due.py", _SOURCE)]

    assert 8 == len(sources)
    assert 1 == sum(_alike(line) in map(_alike, source.splitlines()) for source in sources)


def _alike(line: str) -> str:
    """Without the quotes and brackets that mean nothing."""
    return line.strip().replace("'", '"').replace("(", "").replace(")", "")
