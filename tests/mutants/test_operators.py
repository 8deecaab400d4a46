"""Which small mistakes are made; `make mutants` makes them, and says which nobody notices."""

import pytest

from tests.mutants.operators import mutations

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
