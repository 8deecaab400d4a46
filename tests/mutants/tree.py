"""A copy of this tree to build a mistake into, and to run tests in."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import pytest

from tests.mutants.child import KILLED, run_tests

What = TypeVar("What")
Verdict = TypeVar("Verdict")

ROOT = Path(__file__).parents[2]

_CODE = ("flows", "tasks", "warehouse", "schemas", "sandbox", "tests", "docs")
_FILES = ("pyproject.toml", "prefect.yaml")


class Tree:
    """A copy of the program and its tests in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Copy this tree into `folder`, which must not be there."""
        self.folder = folder
        for name in _CODE:
            shutil.copytree(ROOT / name, folder / name)
        for name in _FILES:
            shutil.copy2(ROOT / name, folder / name)

    @contextmanager
    def changed(self, file: str, text: str) -> Iterator[None]:
        """Let `file` say `text` until the block ends."""
        path = self.folder / file
        was = path.read_text("utf-8")
        path.write_text(text, "utf-8")
        try:
            yield
        finally:
            path.write_text(was, "utf-8")

    def failed(self, tests: Sequence[str], *, first_only: bool = True) -> list[str]:
        """Run `tests` (paths or node ids) here; the ids of those that fail, in order.

        Where they cannot even be collected, or do not come to an end, that is what fails.
        """
        noted = self.folder / ".failed"
        noted.unlink(missing_ok=True)
        code, said = run_tests(
            self.folder,
            [
                *("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout", "300"),
                # what is loaded already has no assertions of ours
                *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
                *("-o", "addopts=", "--import-mode=importlib", *(["-x"] if first_only else [])),
                *tests,
            ],
            noted,
        )
        if code in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            return noted.read_text("utf-8").splitlines() if noted.exists() else []
        if code in {pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR, KILLED}:
            return [f"ended early: {' '.join(tests)}"]
        raise AssertionError(f"pytest ended with {code}: {said}")


def each_in_a_tree(
    what: Sequence[What], judge: Callable[[Tree, What], Verdict], folder: Path, *, workers: int
) -> Iterator[Verdict]:
    """What `judge` says of each, as it comes; trees to work in, one a worker, go below `folder`."""
    free: SimpleQueue[Tree] = SimpleQueue()
    for number in range(workers):
        free.put(Tree(folder / f"tree-{number}"))

    def judged(each: What) -> Verdict:
        tree = free.get()
        try:
            return judge(tree, each)
        finally:
            free.put(tree)

    with ThreadPoolExecutor(workers) as pool:
        try:
            for future in as_completed([pool.submit(judged, each) for each in what]):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)  # what is wrong is told now, not hours later
            raise
