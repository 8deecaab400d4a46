"""Every mistake in the protocol is noticed by the test that is about it."""

import pytest

from tests.mutants.protocol import MUTANTS, Mutant
from tests.mutants.tree import Tree

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A copy to make mistakes in."""
    return Tree(tmp_path_factory.mktemp("protocol") / "tree")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mistake_is_noticed(tree: Tree, mutant: Mutant):
    with tree.changed(mutant.file, mutant.source):
        failed = tree.failed([mutant.test])

    assert [True] == [mutant.is_noticed_by(each) for each in failed]


def test_there_are_enough_of_them_each_with_a_test_of_its_own():
    assert len({mutant.name for mutant in MUTANTS}) >= 30
    assert len({mutant.test for mutant in MUTANTS}) == len(MUTANTS)
