"""Which small mistakes are made; `make mutants` makes them, and says which nobody notices."""

import pytest

from tests.mutants.operators import mutations
from tests.mutants.score import all_mutations
from tests.mutants.survivors import SURVIVORS

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


def test_a_mistake_names_the_switch_that_it_turns():
    (turned,) = mutations("due.py", "late = sort(days, reverse=False)\n")

    assert "late = sort(days, reverse=True)\n" == turned.source
    assert "due.py module: reverse=False -> reverse=True" == turned.name


def test_every_mistake_that_is_said_to_survive_can_be_made():
    assert set() == SURVIVORS.keys() - {each.name for each in all_mutations()}


def _alike(line: str) -> str:
    """Without the quotes and brackets that mean nothing."""
    return line.strip().replace("'", '"').replace("(", "").replace(")", "")
