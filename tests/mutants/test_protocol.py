"""Every mistake in the protocol is noticed by the test that is about it."""

import pytest

from tests.mutants.protocol import MUTANTS, Mutant
from tests.mutants.tree import ROOT, Tree

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A copy to make mistakes in."""
    return Tree(tmp_path_factory.mktemp("protocol") / "tree")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mistake_is_noticed(tree: Tree, mutant: Mutant):
    said = (ROOT / mutant.file).read_text("utf-8")
    assert 1 == said.count(mutant.says), "the program says it otherwise now: so must the mistake"
    with tree.changed(mutant.file, said.replace(mutant.says, mutant.instead)):
        failed = tree.failed([mutant.test])

    assert [mutant.test] == [each.partition("[")[0] for each in failed] or [mutant.test] == failed


def test_there_are_enough_of_them_each_with_a_test_of_its_own():
    assert len({mutant.name for mutant in MUTANTS}) >= 30
    assert len({mutant.test for mutant in MUTANTS}) == len(MUTANTS)
