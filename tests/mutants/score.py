"""How many small mistakes in what decides and hands over are noticed by the tests next to it."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.operators import Mutation, mutations
from tests.mutants.survivors import SURVIVORS
from tests.mutants.tree import ROOT, Tree, each_in_a_tree

TESTS: dict[str, tuple[str, ...]] = {
    "tasks/ready_to_bill": (
        "tests/unit/ready_to_bill",
        "tests/property/test_judgement_laws.py",
        "tests/integration/test_layer_invoiceable.py",
        "tests/integration/test_published.py",
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
        "tests/golden",
        "tests/integration/test_numbers_that_were_there.py",
        "tests/integration/test_in_life.py",
        "tests/integration/test_batch_register.py",
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
    """Some of them: for the same seed the same ones, wherever the code around them moves to."""

    def lot(mutation: Mutation) -> bytes:
        return hashlib.sha256(f"{seed} {mutation.name}".encode()).digest()

    return sorted(all_mutations(), key=lot)[:number]


def judged(found: Sequence[Mutation], folder: Path, *, workers: int) -> Iterator[Verdict]:
    """What becomes of each mistake, as it comes; trees to make them in go below `folder`.

    Of those that somebody has looked into, and found that no test notices, it is believed.
    """

    def judge(tree: Tree, mutation: Mutation) -> Verdict:
        if mutation.name in SURVIVORS:
            return Verdict(mutation, "")
        with tree.changed(mutation.file, mutation.source):
            failed = _failed(tree, mutation)
        return Verdict(mutation, failed[0] if failed else "")

    return each_in_a_tree(found, judge, folder, workers=workers)


def _failed(tree: Tree, mutation: Mutation) -> list[str]:
    """First by the tests that noticed something there before, then by all that are to notice."""
    before = noticers().get(mutation.place, [])
    return (tree.failed(before) if before else []) or tree.failed(
        TESTS[str(Path(mutation.file).parent)]
    )


def noticers() -> dict[str, list[str]]:
    """The tests that noticed mistakes before, by the place of the mistake: where to look first."""
    found: dict[str, list[str]] = json.loads(_NOTICERS.read_bytes())
    return found


def keep_noticer(verdict: Verdict) -> None:
    """Remember which test noticed this; that no test could even begin says nothing."""
    found, test = noticers(), verdict.noticed_by
    known = found.setdefault(verdict.mutation.place, [])
    if "::" in test and test not in known:
        known.append(test)
        kept = {place: sorted(tests) for place, tests in sorted(found.items()) if tests}
        # others read it at this moment
        aside = _NOTICERS.with_suffix(".part")
        aside.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        aside.replace(_NOTICERS)


_NOTICERS = Path(__file__).with_name("noticers.json")
