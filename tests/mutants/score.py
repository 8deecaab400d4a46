"""How many small mistakes in what decides and hands over are noticed by the tests next to it."""

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.operators import Mutation, mutations
from tests.mutants.tree import ROOT, Tree

TESTS: dict[str, tuple[str, ...]] = {
    "tasks/ready_to_bill": (
        "tests/unit/ready_to_bill",
        "tests/property/test_judgement_laws.py",
        "tests/integration/test_layer_invoiceable.py",
        "tests/golden",
        "tests/integration/test_in_life.py",
    ),
    "tasks/transfer": (
        "tests/unit/transfer",
        "tests/property/test_transfer_laws.py",
        "tests/integration/test_transfer.py",
        "tests/integration/test_after_the_result.py",
        "tests/integration/test_failure_scopes.py",
        "tests/integration/test_recovery.py",
        "tests/integration/test_read_back.py",
        "tests/integration/test_queue.py",
        "tests/integration/test_undo.py",
    ),
    "tasks/batch": (
        "tests/unit/batch",
        "tests/integration/test_batches.py",
        "tests/integration/test_canary.py",
        "tests/integration/test_recovery.py",
        "tests/integration/test_undo.py",
        "tests/integration/test_plan.py",
    ),
    "tasks/retry": (
        "tests/unit/retry",
        "tests/integration/test_queue.py",
        "tests/integration/test_after_the_result.py",
    ),
}
"""What is looked at, and the tests that are to notice, the quickest first."""


@dataclass(frozen=True)
class Verdict:
    """A mistake, and the test that noticed it; blank: none did."""

    mutation: Mutation
    noticed_by: str


def all_mutations() -> list[Mutation]:
    """Every mistake that can be made, by file and line."""
    return [
        each
        for folder in TESTS
        for path in sorted((ROOT / folder).glob("*.py"))
        for each in mutations(str(path.relative_to(ROOT)), path.read_text("utf-8"))
    ]


def sample(number: int, seed: int) -> list[Mutation]:
    """Some of them, the same ones for the same seed as long as nothing has changed."""
    every = all_mutations()
    return random.Random(seed).sample(every, min(number, len(every)))


def judged(found: Sequence[Mutation], folder: Path, *, workers: int) -> Iterator[Verdict]:
    """What becomes of each mistake, as it comes; trees to make them in go below `folder`."""
    free: SimpleQueue[Tree] = SimpleQueue()
    for number in range(workers):
        free.put(Tree(folder / f"tree-{number}"))

    def judge(mutation: Mutation) -> Verdict:
        tree = free.get()
        try:
            with tree.changed(mutation.file, mutation.source):
                failed = tree.failed(TESTS[str(Path(mutation.file).parent)])
        finally:
            free.put(tree)
        return Verdict(mutation, failed[0] if failed else "")

    with ThreadPoolExecutor(workers) as pool:
        for future in as_completed([pool.submit(judge, each) for each in found]):
            yield future.result()
